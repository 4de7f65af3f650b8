"""Staying in and getting out: refresh, logout, and a new password for one that was forgotten."""

import pytest
from tests.integration.users.conftest import PASSWORD, Died, at_once, dying_before, every_aws_call, operations
from tests.integration.users.test_login import WRONG, claims, fail, outcome

from shop.kernel.errors import DependencyUnavailable, Unauthenticated
from shop.runtime.aws import AwsError

NEW = "Another-2026"
LONG_AGO = "2026-01-01T00:00:00.000Z"


def test_a_refresh_brings_new_tokens_of_the_same_session(run, users):
    async def story():
        who = await users.customer()
        (before,) = (await users.sessions(who))["items"]
        answer = await users.refresh(who)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        body = answer.json
        assert (body["sessionId"], body["userId"], body["refreshToken"]) == (who.session_id, who.id, who.refresh_token)
        assert claims(body["accessToken"])["jti"] != claims(who.token)["jti"]
        (after,) = (await users.sessions(who))["items"]
        assert before["startedAt"] == before["lastUsedAt"] == after["startedAt"] < after["lastUsedAt"]
        assert (await users.call("GET", f"/users/{who.id}/profile", token=body["accessToken"])).status == 200

    run(story())


@pytest.mark.parametrize("which", ["access", "id", "garbage", "another's signature"])
def test_what_is_no_refresh_token_is_401(run, users, which):
    async def story():
        who = await users.customer()
        login = (await users.login(who.email)).json
        head, body, _ = login["refreshToken"].split(".")
        token = {
            "access": login["accessToken"], "id": login["idToken"], "garbage": "garbage",
            "another's signature": f"{head}.{body}.AAAA",
        }[which]  # fmt: skip
        answer = await users.call("POST", "/auth/refresh", {"refreshToken": token})
        assert outcome(answer) == (401, "UNAUTHENTICATED")

    run(story())


def test_after_a_logout_the_refresh_token_is_dead_at_once_here_and_in_the_pool(run, users):
    async def story():
        who = await users.customer()
        other = await users.sign_in(who)
        for _ in range(2):
            answer = await users.logout(who)
            assert (answer.status, answer.body) == (204, b"")
            assert outcome(await users.refresh(who)) == (401, "UNAUTHENTICATED")
        with pytest.raises(Unauthenticated):
            await users.deps.pool.refresh(who.id, who.refresh_token)
        assert (await users.refresh(other)).status == 200
        # An access token lives on for its 15 minutes, as such tokens do.
        assert (await users.call("GET", f"/users/{who.id}/profile", token=who.token)).status == 200

    run(story())


def test_only_its_owner_ends_a_session_by_its_refresh_token(run, users):
    async def story():
        victim, attacker = await users.customer(), await users.customer()
        body = {"refreshToken": victim.refresh_token}
        answer = await users.call("POST", "/auth/logout", body, token=attacker.token)
        assert outcome(answer) == (403, "FORBIDDEN")
        assert outcome(await users.call("POST", "/auth/logout", body)) == (401, "UNAUTHENTICATED")
        assert (await users.refresh(victim)).status == 200
        unknown = await users.call("POST", "/auth/logout", {"refreshToken": "x"}, token=attacker.token)
        assert unknown.status == 204

    run(story())


def test_a_refresh_that_meets_a_logout_gives_no_token(run, users):
    async def story():
        who = await users.customer()
        answers = await at_once(6, lambda index: users.logout(who) if index == 3 else users.refresh(who))
        assert answers.pop(3).status == 204
        assert {answer.status for answer in answers} <= {200, 401}
        assert outcome(await users.refresh(who)) == (401, "UNAUTHENTICATED")

    run(story())


async def forgot(users, email):
    answer = await users.call("POST", "/auth/password/forgot", {"email": email})
    assert (answer.status, answer.body) == (202, b"")


async def reset(users, email, code, password=NEW):
    body = {"email": email, "code": code, "password": password}
    return await users.call("POST", "/auth/password/reset", body)


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_forgotten_password_is_set_anew_by_the_mailed_code_and_every_session_ends(run, users):
    async def story():
        who = await users.customer(locale="en")
        other = await users.sign_in(who)
        await forgot(users, who.email.upper())
        mail = users.mails(who.email)[-1]
        assert "new password" in mail["Subject"]
        assert users.code(who.email) in mail["BodyHtml"]
        answer = await reset(users, who.email, users.code(who.email))
        assert answer.status == 200
        for session in (who, other):
            assert outcome(await users.refresh(session)) == (401, "UNAUTHENTICATED")
        assert outcome(await users.login(who.email)) == (401, "CREDENTIALS_INVALID")
        login = await users.login(who.email, NEW)
        assert login.status == 200
        ended = [item["endReason"] for item in (await users.sessions(who))["items"]]
        assert ended == [None, "revoked", "revoked"]
        assert outcome(await reset(users, who.email, users.code(who.email))) == (410, "CODE_EXPIRED")
        refresh = {"refreshToken": login.json["refreshToken"]}
        assert (await users.call("POST", "/auth/refresh", refresh)).status == 200

    run(story())


def test_who_has_set_a_new_password_does_not_wait_for_the_wrong_ones_before(run, users):
    async def story():
        who = await users.customer()
        await fail(users, who.email, 5)
        assert (await users.login(who.email)).status == 429
        await forgot(users, who.email)
        assert (await reset(users, who.email, users.code(who.email))).status == 200
        assert (await users.login(who.email, NEW)).status == 200

    run(story())


@pytest.mark.parametrize("known", [True, False])
def test_who_resets_a_password_without_the_code_learns_nothing_not_even_whether_there_is_an_account(
    run, users, email, known
):
    async def story():
        if known:
            await users.confirm(await users.register(email))
        assert outcome(await reset(users, email, "123456")) == (410, "CODE_EXPIRED")
        await forgot(users, email)
        code = users.code(email) if known else "123456"
        tries = [outcome(await reset(users, email, wrong(code))) for _ in range(6)]
        assert tries == [(400, "CODE_INVALID")] * 5 + [(410, "CODE_EXPIRED")]
        assert outcome(await reset(users, email, code)) == (410, "CODE_EXPIRED")
        await forgot(users, email)
        await users.change(*users.code_key(email, "RESET"), dueAt=LONG_AGO)
        assert outcome(await reset(users, email, code)) == (410, "CODE_EXPIRED")
        if known:
            assert (await users.login(email)).status == 200

    run(story())


@pytest.mark.parametrize("known", [True, False])
def test_forgot_is_answered_202_always_and_mails_five_codes_at_most(run, users, email, known):
    async def story():
        if known:
            await users.confirm(await users.register(email))
        before = len(users.mails(email))
        for _ in range(8):
            await forgot(users, email)
        assert len(users.mails(email)) - before == (5 if known else 0)
        if known:
            assert (await reset(users, email, users.code(email))).status == 200

    run(story())


@pytest.mark.parametrize(
    "trouble", [DependencyUnavailable(), AwsError("sesv2", "SendEmail", 400, "MessageRejected", "no", {})]
)
def test_forgot_does_not_tell_that_a_mail_could_not_be_sent(run, users, trouble):
    def failing(operation):
        if operation == "SendEmail":
            raise trouble

    async def story():
        who = await users.register()
        with every_aws_call(failing):
            await forgot(users, who.email)

    run(story())


def test_a_weak_new_password_is_422_and_spends_no_try(run, users):
    async def story():
        who = await users.customer()
        await forgot(users, who.email)
        for _ in range(6):
            assert (await reset(users, who.email, users.code(who.email), "weak")).status == 422
        assert (await reset(users, who.email, users.code(who.email))).status == 200

    run(story())


def test_a_reset_that_dies_anywhere_is_done_again_with_the_same_code(run, users):
    async def story():
        who = await users.customer()
        await forgot(users, who.email)
        code = users.code(who.email)
        with operations() as steps:
            assert (await reset(users, who.email, code)).status == 200
        for number in range(1, len(steps) + 1):
            user = await users.customer()
            await forgot(users, user.email)
            await dies(users, user, number)
            assert (await reset(users, user.email, users.code(user.email))).status == 200
            assert outcome(await users.refresh(user)) == (401, "UNAUTHENTICATED")
            assert (await users.login(user.email, NEW)).status == 200
            assert outcome(await users.login(user.email, PASSWORD)) == (401, "CREDENTIALS_INVALID")

    run(story())


async def dies(users, user, number):
    with dying_before(number), pytest.raises(Died):
        await reset(users, user.email, users.code(user.email))


def test_a_code_to_confirm_sets_no_password_and_the_other_way_round(run, users):
    async def story():
        who = await users.register()
        confirmation = users.code(who.email)
        assert outcome(await reset(users, who.email, confirmation)) == (410, "CODE_EXPIRED")
        await forgot(users, who.email)
        other = users.code(who.email)
        if other != confirmation:
            body = {"email": who.email, "code": other}
            assert outcome(await users.call("POST", "/users/confirm", body)) == (400, "CODE_INVALID")
            assert outcome(await reset(users, who.email, confirmation)) == (400, "CODE_INVALID")
        assert outcome(await users.login(who.email, WRONG)) == (401, "CREDENTIALS_INVALID")

    run(story())
