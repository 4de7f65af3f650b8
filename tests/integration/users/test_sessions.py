"""Sessions: what their owner sees, who ends them, and how long they lasted."""

from asyncio import gather
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from tests.integration.users.conftest import Died, every_aws_call, just_before
from tests.support.otlp import Receiver, sending

from shop import telemetry
from shop.kernel.clock import now, parse, stamp
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.aws import AwsError
from shop.users import worker

LONG_AGO = "2026-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def customer(run, users):
    """Somebody with five sessions."""

    async def sign_in_often():
        who = await users.customer()
        for _ in range(4):
            who = await users.sign_in(who)
        return who

    return run(sign_in_often())


def test_sessions_are_shown_newest_first_with_their_start_and_last_use(run, users, customer):
    page = run(users.sessions(customer))
    items = page["items"]
    assert (len(items), page["nextToken"]) == (5, None)
    assert items[0].keys() == {"sessionId", "startedAt", "lastUsedAt", "endedAt", "endReason"}
    assert items[0]["sessionId"] == customer.session_id
    assert all(later["startedAt"] > earlier["startedAt"] for later, earlier in pairwise(items))
    assert {(item["endedAt"], item["endReason"]) for item in items} == {(None, None)}


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_sessions_come_in_pages_each_once(run, users, customer, limit):
    async def all_pages():
        page = await users.sessions(customer, f"?limit={limit}")
        pages = [page]
        while page["nextToken"]:
            page = await users.sessions(customer, f"?limit={limit}&nextToken={page['nextToken']}")
            pages.append(page)
        return pages

    pages = run(all_pages())
    assert all(0 < len(page["items"]) <= limit for page in pages)  # a token leads to something
    shown = [item["sessionId"] for page in pages for item in page["items"]]
    assert shown == [item["sessionId"] for item in run(users.sessions(customer))["items"]]


def test_a_page_token_that_is_forged_or_anothers_is_400(run, users, customer):
    async def story():
        other = await users.sign_in(await users.customer())
        token = (await users.sessions(customer, "?limit=1"))["nextToken"]
        for who, forged in ((customer, token[:-2] + "AA"), (customer, "x"), (other, token)):
            path = f"/users/{who.id}/sessions?nextToken={forged}"
            answer = await users.call("GET", path, token=who.token)
            assert (answer.status, answer.code) == (400, "PAGE_TOKEN_INVALID")
        for limit in ("0", "101", "x", "1.5"):
            answer = await users.call("GET", f"/users/{customer.id}/sessions?limit={limit}", token=customer.token)
            assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")

    run(story())


def test_a_session_that_is_revoked_is_refused_at_once_and_stays_in_the_list_for_a_month(run, users):
    async def story():
        who = await users.customer()
        other = await users.sign_in(who)
        path = f"/users/{who.id}/sessions/{who.session_id}"
        for _ in range(2):
            assert (await users.call("DELETE", path, token=other.token)).status == 204
        answer = await users.refresh(who)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
        assert (await users.refresh(other)).status == 200
        newer, older = (await users.sessions(other))["items"]
        assert (older["sessionId"], older["endReason"], newer["endReason"]) == (who.session_id, "revoked", None)
        assert older["startedAt"] < older["endedAt"]
        item = await users.deps.table.get(f"USER#{who.id}", f"SESSION#{who.session_id}")
        assert timedelta(days=59) < timedelta(seconds=item["expiresAt"] - now().timestamp()) <= timedelta(days=60)

    run(story())


def test_only_its_owner_and_an_admin_see_and_end_a_session(run, users, customer):
    async def story():
        other = await users.customer()
        sessions = f"/users/{other.id}/sessions"
        for method, path in (("GET", sessions), ("DELETE", f"{sessions}/{other.session_id}")):
            assert (await users.call(method, path)).code == "UNAUTHENTICATED"
            assert (await users.call(method, path, token=customer.token)).code == "FORBIDDEN"
        stolen = f"/users/{customer.id}/sessions/{other.session_id}"
        assert (await users.call("DELETE", stolen, token=customer.token)).code == "SESSION_NOT_FOUND"
        assert (await users.refresh(other)).status == 200
        assert (await users.call("GET", sessions, token=users.admin)).json["items"][0]["sessionId"] == other.session_id
        assert (await users.call("DELETE", f"{sessions}/{other.session_id}", token=users.admin)).status == 204
        assert (await users.refresh(other)).code == "UNAUTHENTICATED"

    run(story())


def test_what_does_not_exist_is_404_to_an_admin(run, users, customer):
    async def story():
        nobody = await users.call("GET", f"/users/{uuid4()}/sessions", token=users.admin)
        assert (nobody.status, nobody.code) == (404, "USER_NOT_FOUND")
        for session in (str(uuid4()), "x" * 3000, "%F0%9F%98%80"):
            path = f"/users/{customer.id}/sessions/{session}"
            answer = await users.call("DELETE", path, token=customer.token)
            assert (answer.status, answer.code) == (404, "SESSION_NOT_FOUND")
        long = await users.call("GET", f"/users/{'x' * 3000}/sessions", token=users.admin)
        assert (long.status, long.code) == (404, "USER_NOT_FOUND")

    run(story())


async def due_now(users, who, at):
    """Lets the time of a session come."""
    await users.change(f"USER#{who.id}", f"SESSION#{who.session_id}", dueAt=at)
    await users.change(*users.due_key("session", who.session_id), gsi1sk=at)


async def ended(users, who):
    items = (await users.sessions(who))["items"]
    (item,) = [item for item in items if item["sessionId"] == who.session_id]
    return item["endedAt"], item["endReason"]


@pytest.mark.parametrize("who_is_first", ["a look", "a refresh", "a logout", "a revocation", "a reset", "the sweep"])
def test_a_session_ends_at_the_instant_of_its_expiry_whoever_notes_it_first(run, users, who_is_first):
    async def story():
        who = await users.customer()
        (session,) = (await users.sessions(who))["items"]
        at = stamp(parse(session["startedAt"]) + timedelta(milliseconds=1))
        await due_now(users, who, at)
        match who_is_first:
            case "a look":
                assert await ended(users, who) == (at, "expired")
            case "a refresh":
                assert (await users.refresh(who)).code == "UNAUTHENTICATED"
            case "a logout":
                assert (await users.logout(who)).status == 204
            case "a revocation":
                path = f"/users/{who.id}/sessions/{who.session_id}"
                assert (await users.call("DELETE", path, token=who.token)).status == 204
            case "a reset":
                await users.call("POST", "/auth/password/forgot", {"email": who.email})
                body = {"email": who.email, "code": users.code(who.email), "password": "Another-2026"}
                assert (await users.call("POST", "/auth/password/reset", body)).status == 200
        await users.sweep()
        await users.sweep()
        assert await ended(users, who) == (at, "expired")
        assert (await users.refresh(who)).code == "UNAUTHENTICATED"

    with Receiver() as collector, sending("users", collector, OTEL_SDK_DISABLED="false"):
        run(story())
        telemetry.flush(5)
        ends = durations(collector)
        assert ends.pop("expired") == [1, pytest.approx(0.001)]
        assert not ends


def durations(collector):
    """How many sessions ended for which reason, and their seconds together."""
    points = [point for point in collector.of("shop.users.session.duration") if point.histogram["count"]]
    found: dict[str, list[float]] = {}
    for point in points:
        ends = found.setdefault(point.attributes["shop.session.end"], [0, 0.0])
        ends[0] += point.histogram["count"]
        ends[1] += point.histogram["sum"]
    return found


def test_a_duration_is_observed_once_however_many_end_the_session_at_once(run, users):
    async def story():
        who, other = await users.customer(), await users.customer()
        started = stamp(now() - timedelta(hours=2))
        for each in (who, other):
            await users.change(f"USER#{each.id}", f"SESSION#{each.session_id}", startedAt=started)
        revocation = f"/users/{who.id}/sessions/{who.session_id}"
        await gather(
            users.logout(who),
            users.call("DELETE", revocation, token=who.token),
            users.logout(who),
            users.call("DELETE", revocation, token=users.admin),
        )
        await users.logout(other)
        await users.sweep()
        return (await ended(users, who))[1]

    with Receiver() as collector, sending("users", collector, OTEL_SDK_DISABLED="false"):
        reason = run(story())
        telemetry.flush(5)
        assert reason in ("logout", "revoked")
        ends = durations(collector)
        assert sum(count for count, _ in ends.values()) == 2
        assert sum(seconds for _, seconds in ends.values()) == pytest.approx(2 * 7200, rel=0.01)
        assert reason in ends


def test_a_sweep_that_dies_is_followed_by_one_that_goes_on(run, users):
    async def story():
        many = [await users.customer() for _ in range(3)]
        for who in many:
            await due_now(users, who, stamp(now() - timedelta(seconds=1)))
        closed = []

        def die(operation):
            closed.append(operation)
            if closed.count("TransactWriteItems") == 2:
                raise Died

        with every_aws_call(die), pytest.raises(Died):
            await users.sweep()
        await users.sweep()
        for who in many:
            assert (await ended(users, who))[1] == "expired"

    with Receiver() as collector, sending("users", collector, OTEL_SDK_DISABLED="false"):
        run(story())
        telemetry.flush(5)
        assert durations(collector)["expired"][0] == 3


def test_one_thing_that_cannot_be_settled_keeps_no_other_waiting(run, users):
    async def story():
        stuck, other = await users.register(), await users.customer()
        await users.change(*users.due_key("registration", stuck.id), gsi1sk=LONG_AGO)
        await due_now(users, other, stamp(now() - timedelta(seconds=1)))

        def refuse(operation):
            if operation == "AdminDeleteUser":
                raise AwsError("cognito-idp", operation, 400, "NotAuthorizedException", "no", {})

        with every_aws_call(refuse), pytest.raises(AwsError):
            await worker.sweep(users.deps)
        item = await users.deps.table.get(f"USER#{other.id}", f"SESSION#{other.session_id}")
        assert item["endReason"] == "expired"
        await users.sweep()
        assert await users.pool_users(stuck.email) == []

    run(story())


def test_a_session_that_begins_during_a_reset_by_the_old_password_ends_with_it(run, users):
    """Between the old password's last login and its end there is no gap."""

    async def story():
        who = await users.customer()
        late = []
        await users.call("POST", "/auth/password/forgot", {"email": who.email})
        body = {"email": who.email, "code": users.code(who.email), "password": "Another-2026"}

        async def log_in():
            late.append(await users.sign_in(who))

        with just_before("AdminSetUserPassword", log_in):
            assert (await users.call("POST", "/auth/password/reset", body)).status == 200
        assert (await users.refresh(late[0])).code == "UNAUTHENTICATED"
        assert await ended(users, late[0]) != (None, None)

    run(story())


def test_a_login_whose_session_cannot_be_kept_gives_no_token(run, users):
    def failing(operation):
        if operation == "TransactWriteItems":
            raise DependencyUnavailable

    async def story():
        who = await users.customer()
        with every_aws_call(failing):
            answer = await users.login(who.email)
        assert (answer.status, answer.code) == (503, "DEPENDENCY_UNAVAILABLE")
        assert len((await users.sessions(who))["items"]) == 1

    run(story())
