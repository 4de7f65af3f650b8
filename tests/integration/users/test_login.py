"""Signing in: who may, who may not, and what the others learn, which is nothing."""

import random
from base64 import urlsafe_b64decode
from ipaddress import ip_address
from json import loads

import pytest
from tests.integration.users.conftest import PASSWORD, at_once, operations

WRONG = "Mieruka-2025"
LONG_AGO = "2026-01-01T00:00:00.000Z"


def claims(token):
    payload = token.split(".")[1]
    return loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def an_address():
    """The address of a client that nobody else has."""
    return str(ip_address(random.getrandbits(128)))


@pytest.fixture(scope="module")
def customer(run, users):
    return run(users.customer())


async def fail(users, email, times, **more):
    """The outcomes of wrong passwords, one after the other."""
    return [outcome(await users.login(email, WRONG, **more)) for _ in range(times)]


def outcome(answer):
    return answer.status, answer.json.get("code")


def test_a_login_brings_the_tokens_of_a_new_session(run, users, customer):
    answer = run(users.login(customer.email.upper()))
    body = answer.json
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert body.keys() == {
        "accessToken", "idToken", "refreshToken", "tokenType", "expiresIn", "userId", "sessionId",
    }  # fmt: skip
    assert (body["tokenType"], body["expiresIn"], body["userId"]) == ("Bearer", 900, customer.id)
    access = claims(body["accessToken"])
    assert (access["sub"], access["origin_jti"]) == (customer.id, body["sessionId"])
    assert access["cognito:groups"] == ["customer"]
    assert access["exp"] - access["iat"] == 900
    assert body["sessionId"] != customer.session_id


def told(answer):
    """All that a client sees but what is another for every request."""
    body = {name: value for name, value in answer.json.items() if name != "traceId"}
    headers = {name: value for name, value in answer.headers.items() if name != "x-trace-id"}
    return answer.status, body, headers


def test_an_unknown_address_and_a_wrong_password_look_alike_and_cost_the_same_calls(run, users, customer, email):
    async def story():
        with operations() as for_known:
            known = await users.login(customer.email, WRONG)
        with operations() as for_unknown:
            unknown = await users.login(email, WRONG)
        with operations() as for_nonsense:
            nonsense = await users.login("no mail address", WRONG)
        assert told(known) == told(unknown) == told(nonsense)
        assert (known.status, known.code) == (401, "CREDENTIALS_INVALID")
        assert known.headers["www-authenticate"] == "Bearer"
        assert list(for_known) == list(for_unknown) == list(for_nonsense)

    run(story())


def test_that_an_account_is_not_confirmed_is_told_only_with_the_right_password_and_nobody_gets_its_tokens(run, users):
    async def story():
        who = await users.register()
        assert await fail(users, who.email, 1) == [(401, "CREDENTIALS_INVALID")]
        with operations() as made:
            answer = await users.login(who.email)
        assert (answer.status, answer.code) == (403, "USER_NOT_CONFIRMED")
        assert made[-1] == "RevokeToken"
        assert "Token" not in answer.body.decode()
        await users.confirm(who)
        who = await users.sign_in(who)
        assert len((await users.sessions(who))["items"]) == 1

    run(story())


@pytest.mark.parametrize("known", [True, False])
def test_after_five_wrong_passwords_an_account_has_to_wait_known_or_not(run, users, email, known):
    async def story():
        if known:
            await users.confirm(await users.register(email))
        assert await fail(users, email, 5) == [(401, "CREDENTIALS_INVALID")] * 5
        for password in (WRONG, PASSWORD):
            answer = await users.login(email.upper(), password)
            assert (answer.status, answer.code) == (429, "RATE_LIMITED")
            assert 600 < int(answer.headers["retry-after"]) <= 900
        if known:
            await users.change(*users.tries_key("LOGIN", email), windowEnds=LONG_AGO)
            assert await fail(users, email, 4) == [(401, "CREDENTIALS_INVALID")] * 4
            assert (await users.login(email)).status == 200

    run(story())


def test_success_forgets_the_wrong_passwords_before_it(run, users):
    async def story():
        who = await users.customer()
        for _ in range(3):
            assert await fail(users, who.email, 4) == [(401, "CREDENTIALS_INVALID")] * 4
            assert (await users.login(who.email)).status == 200

    run(story())


def test_who_guesses_many_passwords_at_once_learns_of_five(run, users):
    async def story():
        who = await users.customer()
        answers = await at_once(40, lambda index: users.login(who.email, f"{WRONG}{index}"))
        outcomes = [outcome(answer) for answer in answers]
        assert sorted(outcomes) == [(401, "CREDENTIALS_INVALID")] * 5 + [(429, "RATE_LIMITED")] * 35
        assert (await users.login(who.email)).status == 429

    run(story())


def test_after_a_hundred_wrong_passwords_a_client_address_has_to_wait(run, users, customer):
    async def story():
        address = an_address()

        def guess(index):
            return users.login(f"{address}-{index}@example.jp", WRONG, address=address)

        outcomes = [outcome(answer) for answer in await at_once(100, guess)]
        assert outcomes == [(401, "CREDENTIALS_INVALID")] * 100
        for said in (address, f"198.51.100.1, {address}"):
            answer = await users.login(customer.email, address=said)
            assert (answer.status, answer.code) == (429, "RATE_LIMITED")
            assert 0 < int(answer.headers["retry-after"]) <= 900
        assert (await users.login(customer.email, address=f"{address}, 198.51.100.1")).status == 200

    run(story())


def test_what_was_begun_by_hand_in_the_user_pool_is_no_account(run, users, email):
    async def story():
        pool = {"UserPoolId": users.account.provisioned.user_pool_id, "Username": email}
        aws = users.deps.table.aws
        await aws.call("cognito-idp", "AdminCreateUser", **pool, TemporaryPassword=PASSWORD)
        assert outcome(await users.login(email)) == (401, "CREDENTIALS_INVALID")  # a challenge
        await aws.call("cognito-idp", "AdminSetUserPassword", **pool, Password=PASSWORD, Permanent=True)
        assert outcome(await users.login(email)) == (401, "CREDENTIALS_INVALID")  # no account in our table
        await aws.call("cognito-idp", "AdminResetUserPassword", **pool)
        assert outcome(await users.login(email)) == (401, "CREDENTIALS_INVALID")

    run(story())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "a@example.jp"}, "password"),
        ({"email": "a@example.jp", "password": ""}, "password"),
        ({"email": "a@example.jp", "password": None}, "password"),
        ({"email": "a@example.jp", "password": 12345678}, "password"),
        ({"email": ["a@example.jp"], "password": PASSWORD}, "email"),
        ({"email": "a@example.jp", "password": PASSWORD, "admin": True}, "admin"),
    ],
)
def test_a_login_without_its_fields_is_422_and_says_which(run, users, body, field):
    answer = run(users.call("POST", "/auth/login", body))
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [field])
