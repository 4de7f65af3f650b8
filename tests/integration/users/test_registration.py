"""Two steps to an account: registration mails a code, the code confirms it."""

import pytest
from tests.integration.users.conftest import PASSWORD, at_once


def a_registration(email, **changes):
    return {"email": email, "password": PASSWORD, "name": "山田 花子"} | changes


def test_a_registration_is_confirmed_by_the_mailed_code_and_announced(run, users):
    async def story():
        who = await users.register("Hanako.Yamada@example.jp", name="山田 花子")
        answer = await users.call("POST", "/users/confirm", {"email": who.email, "code": users.code(who.email)})
        assert (answer.status, answer.json) == (200, {"id": who.id, "status": "CONFIRMED"})
        (fact,) = await users.announced(who.id)
        assert fact["metadata"]["type"] == "UserConfirmed"
        assert fact["data"] == {"userId": who.id, "email": who.email, "name": "山田 花子", "locale": "ja"}

    run(story())


def test_the_answer_says_that_the_account_is_not_confirmed_and_where_it_is(run, users, email):
    answer = run(users.call("POST", "/users", a_registration(email.upper())))
    assert (answer.status, answer.headers["location"]) == (201, f"/users/{answer.json['id']}/profile")
    assert answer.json == {
        "id": answer.json["id"], "email": email.upper(), "name": "山田 花子", "status": "UNCONFIRMED",
    }  # fmt: skip
    assert run(users.announced(answer.json["id"])) == []


@pytest.mark.parametrize(
    ("language", "locale", "subject", "words"),
    [
        (None, None, "確認コード", "山田 <花子> 様"),
        ("en", None, "confirmation code", "Dear 山田 <花子>"),
        ("en", "ja", "確認コード", "山田 <花子> 様"),
        ("ja", "en", "confirmation code", "Dear 山田 <花子>"),
    ],
)
def test_the_code_is_mailed_once_in_the_users_language_as_text_and_html(
    run, users, email, language, locale, subject, words
):
    headers = {"accept-language": language} if language else {}
    body = a_registration(email, locale=locale, name="山田 <花子>")
    assert run(users.call("POST", "/users", body, headers=headers)).status == 201
    (mail,) = users.mails(email)
    assert subject in mail["Subject"]
    assert words in mail["BodyText"]
    assert "山田 &lt;花子&gt;" in mail["BodyHtml"]
    assert users.code(email) in mail["BodyHtml"]
    assert "15" in mail["BodyText"]


def test_an_address_is_taken_in_any_case_though_nobody_has_confirmed_it(run, users, email):
    run(users.register(email))
    for again in (email, email.upper(), email.title()):
        answer = run(users.call("POST", "/users", a_registration(again, name="別人")))
        assert (answer.status, answer.code) == (409, "EMAIL_TAKEN")
    assert len(users.mails(email)) == 1


def test_200_registrations_of_one_address_at_once_make_exactly_one_user(run, users, email):
    async def register(index):
        return await users.call("POST", "/users", a_registration(email.upper() if index % 2 else email))

    answers = run(at_once(200, register))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 199
    assert {answer.code for answer in answers if answer.status == 409} == {"EMAIL_TAKEN"}
    (winner,) = [answer.json for answer in answers if answer.status == 201]
    assert run(users.pool_users(email)) == [winner["id"]]
    assert len(users.mails(winner["email"])) == 1
    answer = run(users.call("POST", "/users/confirm", {"email": email, "code": users.code(winner["email"])}))
    assert answer.json == {"id": winner["id"], "status": "CONFIRMED"}


@pytest.mark.parametrize(
    "password", ["Short-1", "no-upper-1", "NO-LOWER-1", "No-Digits", "Ｆullwidth１", " Mieruka-2026", "Mieruka-2026 "]
)
def test_a_weak_password_is_422_and_nothing_is_left_of_it(run, users, email, password):
    answer = run(users.call("POST", "/users", a_registration(email, password=password)))
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["password"])
    assert password not in answer.body.decode()
    run(users.register(email))


@pytest.mark.parametrize(
    "password", ["Mieruka2", "Ab345678" * 12, "Pässwörter 1 Ｆ", "Aa1\N{DEVANAGARI DIGIT ONE}-----"]
)
def test_a_password_may_be_anything_beyond_that(run, users, email, password):
    who = run(users.register(email, password=password))
    run(users.confirm(who))
    assert run(users.login(email, password)).status == 200


@pytest.mark.parametrize(
    "email",
    ["nobody", "@example.jp", "a@", "a@b", "a b@example.jp", "a@example..jp", "a@example.jp\n", "a@b@example.jp",
     "山田@example.jp", "a@例え.jp", "a\x07@example.jp", "Hanako <a@example.jp>", "a@example.jp,b@example.jp",
     "a" * 89 + "@example.jp"],
)  # fmt: skip
def test_what_is_no_mail_address_is_422(run, users, email):
    for path, body in (
        ("/users", a_registration(email)),
        ("/users/confirm/resend", {"email": email}),
        ("/auth/password/forgot", {"email": email}),
    ):
        answer = run(users.call("POST", path, body))
        assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["email"])


def test_every_wrong_field_is_named_and_no_field_gives_a_role(run, users, email):
    extra = {"groups": ["admin"], "role": "admin", "cognito:groups": ["admin"], "status": "CONFIRMED", "id": "me"}
    answer = run(users.call("POST", "/users", a_registration(email, name="", locale="fr", **extra)))
    assert answer.status == 422
    assert {error["field"] for error in answer.json["errors"]} == {"name", "locale", *extra}


@pytest.mark.parametrize(
    ("name", "status"), [("花" * 200, 201), ("花" * 201, 422), ("か\u3099" * 200, 201), (" ", 422)]
)
def test_a_name_has_at_most_200_characters_as_they_are_kept(run, users, email, name, status):
    answer = run(users.call("POST", "/users", a_registration(email, name=name)))
    assert answer.status == status
    if status == 201:
        assert answer.json["name"] in ("花" * 200, "が" * 200)


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


async def confirm(users, who, code):
    answer = await users.call("POST", "/users/confirm", {"email": who.email, "code": code})
    return answer.status, answer.code


def test_a_code_dies_after_five_wrong_tries_until_a_new_one_is_sent(run, users):
    async def story():
        who = await users.register()
        first = users.code(who.email)
        tries = [await confirm(users, who, wrong(first)) for _ in range(5)]
        assert tries == [(400, "CODE_INVALID")] * 5
        assert await confirm(users, who, first) == (410, "CODE_EXPIRED")
        assert (await users.call("POST", "/users/confirm/resend", {"email": who.email.upper()})).status == 202
        second = users.code(who.email)
        if first != second:
            assert await confirm(users, who, first) == (400, "CODE_INVALID")
        assert await confirm(users, who, second) == (200, None)

    run(story())


def test_who_guesses_many_codes_at_once_gets_five_tries_too(run, users):
    async def story():
        who = await users.register()
        code = users.code(who.email)
        guesses = await at_once(40, lambda index: confirm(users, who, wrong(code)))
        assert sorted(guesses) == [(400, "CODE_INVALID")] * 5 + [(410, "CODE_EXPIRED")] * 35
        assert await confirm(users, who, code) == (410, "CODE_EXPIRED")

    run(story())


def test_a_code_is_good_for_15_minutes(run, users):
    async def story():
        who = await users.register()
        item = await users.deps.table.get(*users.code_key(who.email, "CONFIRM"))
        assert 600 < seconds_until(item["dueAt"]) <= 900
        assert users.code(who.email) not in str(item)
        await users.change(*users.code_key(who.email, "CONFIRM"), dueAt="2026-01-01T00:00:00.000Z")
        assert await confirm(users, who, users.code(who.email)) == (410, "CODE_EXPIRED")

    run(story())


def seconds_until(moment):
    from shop.kernel.clock import now, parse

    return (parse(moment) - now()).total_seconds()


def test_confirming_twice_is_409_one_after_the_other_or_at_once_and_announced_once(run, users):
    async def story():
        who = await users.register()
        code = users.code(who.email)
        answers = await at_once(4, lambda _: confirm(users, who, code))
        assert sorted(answers) == [(200, None)] + [(409, "ALREADY_CONFIRMED")] * 3
        assert await confirm(users, who, "000000") == (409, "ALREADY_CONFIRMED")
        assert len(await users.announced(who.id)) == 1
        assert (await users.call("POST", "/users/confirm/resend", {"email": who.email})).status == 202
        assert len(users.mails(who.email)) == 1

    run(story())


def test_a_code_for_nobody_is_wrong(run, users, email):
    answer = run(users.call("POST", "/users/confirm", {"email": email, "code": "123456"}))
    assert (answer.status, answer.code) == (400, "CODE_INVALID")


@pytest.mark.parametrize("known", [True, False])
def test_codes_are_sent_again_five_times_in_15_minutes_and_nobody_learns_who_has_registered(run, users, email, known):
    async def story():
        if known:
            await users.register(email)
        answers = [await users.call("POST", "/users/confirm/resend", {"email": email}) for _ in range(6)]
        assert [(answer.status, answer.body) for answer in answers[:5]] == [(202, b"")] * 5
        assert (answers[5].status, answers[5].code) == (429, "RATE_LIMITED")
        assert 0 < int(answers[5].headers["retry-after"]) <= 900
        assert len(users.mails(email)) == (6 if known else 0)

    run(story())
