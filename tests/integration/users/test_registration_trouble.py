"""Registrations on a bad day: processes that die, dependencies that are down, codes that are never entered."""

import pytest
from tests.integration.users.conftest import (
    PASSWORD,
    Died,
    at_once,
    dying_before,
    every_aws_call,
    just_before,
    operations,
)
from tests.support.otlp import Receiver, sending

from shop import telemetry
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.aws import AwsError

LONG_AGO = "2026-01-01T00:00:00.000Z"
CALLS = ["PutItem", "SignUp", "AdminConfirmSignUp", "AdminAddUserToGroup", "SendEmail", "TransactWriteItems"]


def a_registration(email):
    return {"email": email, "password": PASSWORD, "name": "山田 花子"}


async def becomes_a_customer(users, email):
    """Registers as if nothing had happened before."""
    who = await users.register(email)
    await users.confirm(who)
    return await users.sign_in(who)


def test_these_are_the_steps_of_a_registration(run, users, email):
    with operations() as made:
        run(users.register(email))
    assert list(made) == CALLS


@pytest.mark.parametrize("call", range(1, len(CALLS) + 1))
def test_a_registration_that_dies_anywhere_can_be_begun_anew(run, users, email, call):
    async def story():
        with dying_before(call), pytest.raises(Died):
            await users.call("POST", "/users", a_registration(email))
        answer = await users.login(email)
        assert (answer.status, answer.code) == (401, "CREDENTIALS_INVALID")
        if call > 1:
            taken = await users.call("POST", "/users", a_registration(email))
            assert (taken.status, taken.code) == (409, "EMAIL_TAKEN")  # for half a minute
            await users.change(*users.email_key(email), claimedUntil=LONG_AGO)
        await becomes_a_customer(users, email)

    run(story())


@pytest.mark.parametrize("call", range(1, len(CALLS) + 1))
def test_a_registration_that_fails_anywhere_is_503_and_can_be_repeated_at_once(run, users, email, call):
    async def story():
        made = []

        def fail(operation):
            made.append(operation)
            if len(made) == call:
                raise DependencyUnavailable

        with every_aws_call(fail):
            answer = await users.call("POST", "/users", a_registration(email))
        assert (answer.status, answer.code) == (503, "DEPENDENCY_UNAVAILABLE")
        await becomes_a_customer(users, email)

    run(story())


def rejecting(operation):
    if operation == "SendEmail":
        raise AwsError("sesv2", "SendEmail", 400, "MessageRejected", "no", {})


def test_an_address_that_takes_no_mail_is_422_and_stays_free(run, users, email):
    with every_aws_call(rejecting):
        answer = run(users.call("POST", "/users", a_registration(email)))
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["email"])
    run(becomes_a_customer(users, email))


def test_that_a_code_cannot_be_mailed_again_is_told_to_nobody(run, users, email):
    run(users.register(email))
    with every_aws_call(rejecting):
        assert run(users.call("POST", "/users/confirm/resend", {"email": email})).status == 202


def test_a_slow_registration_does_not_take_the_user_of_a_faster_one_away(run, users, email):
    """The claim of the slow one ends while it waits, and another one takes the address."""

    async def story():
        faster = []

        async def overtake():
            await users.change(*users.email_key(email), claimedUntil=LONG_AGO)
            faster.append(await users.register(email))

        with just_before("SignUp", overtake):
            slow = await users.call("POST", "/users", a_registration(email))
        assert (slow.status, slow.code) == (409, "EMAIL_TAKEN")
        await users.confirm(faster[0])
        assert (await users.sign_in(faster[0])).token

    run(story())


def test_what_is_not_confirmed_in_time_expires_once_and_the_address_is_free_again(run, users, email):
    async def story():
        who = await users.register(email)
        last = users.code(email)
        await users.sweep()
        assert await users.pool_users(email) == [who.id]  # it is not time yet
        await users.change(*users.due_key("registration", who.id), gsi1sk=LONG_AGO)
        await at_once(3, lambda _: users.sweep())
        assert await users.pool_users(email) == []
        assert (await users.login(email)).code == "CREDENTIALS_INVALID"
        late = await users.call("POST", "/users/confirm", {"email": email, "code": last})
        assert (late.status, late.code) == (400, "CODE_INVALID")
        again = await becomes_a_customer(users, email)
        assert again.id != who.id
        await users.sweep()
        assert (await users.sign_in(again)).token

    with Receiver() as collector, sending("users", collector, OTEL_SDK_DISABLED="false"):
        run(story())
        collector_sees(collector, started=2, confirmed=1, expired=1)


def collector_sees(collector, **stages):
    telemetry.flush(5)
    found = {stage: collector.total("shop.users.registrations", shop__registration__stage=stage) for stage in stages}
    assert found == stages


@pytest.mark.parametrize("step", ["AdminDeleteUser", "TransactWriteItems"])
def test_an_expiry_that_dies_is_completed_by_the_next_sweep_and_counted_once(run, users, email, step):
    async def story():
        who = await users.register(email)
        await users.change(*users.due_key("registration", who.id), gsi1sk=LONG_AGO)

        def die(operation):
            if operation == step:
                raise Died

        with every_aws_call(die), pytest.raises(Died):
            await users.sweep()
        answer = await users.call("POST", "/users/confirm", {"email": email, "code": users.code(email)})
        assert (answer.status, answer.code) == (410, "CODE_EXPIRED")
        await users.sweep()
        await becomes_a_customer(users, email)

    with Receiver() as collector, sending("users", collector, OTEL_SDK_DISABLED="false"):
        run(story())
        collector_sees(collector, started=2, confirmed=1, expired=1)


@pytest.mark.parametrize("first", ["confirmation", "sweep"])
def test_a_registration_is_confirmed_at_the_last_moment_or_expires_never_both(run, users, email, first):
    async def story():
        who = await users.register(email)
        await users.change(*users.due_key("registration", who.id), gsi1sk=LONG_AGO)
        body = {"email": email, "code": users.code(email)}
        if first == "sweep":
            with just_before("TransactWriteItems", users.sweep):
                answer = await users.call("POST", "/users/confirm", body)
            assert (answer.status, answer.code) == (410, "CODE_EXPIRED")
            assert await users.pool_users(email) == []
        else:
            with just_before("UpdateItem", lambda: users.confirm(who)):
                await users.sweep()
            assert (await users.sign_in(who)).token

    with Receiver() as collector, sending("users", collector, OTEL_SDK_DISABLED="false"):
        run(story())
        collector_sees(collector, started=1, confirmed=int(first != "sweep"), expired=int(first == "sweep"))
