"""What users tells about itself, as a collector receives it from its functions; and what it never tells."""

import json
import re
from uuid import uuid4

import pytest
from tests.integration.users.conftest import PASSWORD
from tests.support.functions import call, from_gateway, from_queue
from tests.support.otlp import Receiver, sending

from shop.contracts.commands import SweepDue
from shop.contracts.messages import envelope

APP = "shop.users.app"
CAUSE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def post(path, body, token=None):
    return ("http", from_gateway(path, "POST", body, token=token))


def test_registrations_logins_sessions_and_profiles_are_counted_traced_and_nobody_is_named(run, users, environment):
    email, name, wrong = f"{uuid4().hex[:12]}@secret.example", "秘密太郎", "Secret-Wrong-1"
    credentials = {"email": email, "password": PASSWORD}
    registration = from_gateway("/users", "POST", credentials | {"name": name})
    registration["headers"]["traceparent"] = CAUSE
    with Receiver() as collector:
        sending = {"OTEL_SDK_DISABLED": "false", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        (made, *_), printed = call(APP, ("http", registration), **sending)
        assert made["statusCode"] == 201, made
        code = users.code(email)
        answers, more = call(
            APP,
            post("/auth/login", credentials),
            post("/users/confirm", {"email": email, "code": code}),
            post("/auth/login", credentials | {"password": wrong}),
            post("/auth/login", credentials),
            post("/auth/login", {"email": f"nobody-{email}", "password": wrong}),
            **sending,
        )
        assert [answer["statusCode"] for answer in answers[:-1]] == [403, 200, 401, 200, 401]
        assert answers[-1] == []  # nothing is imported without need
        login = json.loads(answers[3]["body"])
        token, user_id = login["accessToken"], login["userId"]
        profile = {"name": f"{name}二", "phone": "090-9999-8888"}
        sweep = envelope(SweepDue(), aggregate_id="users", aggregate_version=1)
        _, rest = call(
            APP,
            ("http", from_gateway(f"/users/{user_id}/profile", "PUT", profile, token=token)),
            ("http", from_gateway(f"/users/{user_id}/profile", "PUT", {"name": ""}, token=token)),
            post("/auth/logout", {"refreshToken": login["refreshToken"]}, token),
            ("events", from_queue(sweep)),
            **sending,
        )
        collector.wait(lambda: collector.total("shop.events.delay"))

        def counted(metric, *attributes):
            points = [point for point in collector.of(metric) if point.value]
            return {tuple(point.attributes.get(each) for each in attributes): point.value for point in points}

        assert counted("shop.users.registrations", "shop.registration.stage") == {("started",): 1, ("confirmed",): 1}
        logins: dict[tuple[str, str | None], float] = {}
        for point in collector.of("shop.users.logins"):
            key = (point.attributes["shop.outcome"], point.attributes.get("error.type"))
            logins[key] = logins.get(key, 0) + point.value
        assert logins == {
            ("success", None): 1,
            ("failure", "CREDENTIALS_INVALID"): 2,
            ("failure", "USER_NOT_CONFIRMED"): 1,
            ("failure", "RATE_LIMITED"): 0,
        }
        assert collector.total("shop.users.session.duration", shop__session__end="logout") == 1
        assert collector.total("shop.users.session.duration") == 1
        assert collector.total("shop.users.profile.updates") == 1

        # Three environments, each with one cold call; the third one was called by the gateway and by a queue.
        assert collector.total("faas.coldstarts", faas__trigger="http") == 3
        assert collector.total("faas.coldstarts") == 3
        servers = {span.span_id: span for span in collector.spans if span.kind == "server"}.values()  # some came twice
        assert [span.attributes["faas.coldstart"] for span in servers].count(True) == 3
        assert len(servers) == 9
        (first,) = [span for span in servers if span.trace_id == CAUSE[3:35]]
        assert (first.parent_id, first.attributes["faas.coldstart"]) == (CAUSE[36:52], True)
        steps = {span.name for span in collector.trace(CAUSE[3:35])}
        assert {"POST /users", "Cognito Identity Provider.SignUp", "SESv2.SendEmail"} <= steps

        everything = "".join(body.decode(errors="replace") for body in collector.bodies) + printed + more + rest
        lines = [line for line in everything.splitlines() if not line.startswith("ANSWER")]
        assert any(user_id in line for line in lines)
        secrets = [email, "secret.example", name, "090-9999-8888", PASSWORD, wrong, token, login["refreshToken"]]
        assert not [secret for secret in secrets if any(secret in line for line in lines)]
        alone = re.compile(rf"(?<![\w.]){code}(?![\w.])")  # six digits stand in many an id and time
        assert not [line for line in lines if alone.search(line)]


MARKED = {"x-synthetic": "test"}
LONG_AGO = "2026-01-01T00:00:00.000Z"
SYNTHETIC = "user_agent.synthetic.type"


@pytest.mark.parametrize(("headers", "mark"), [(MARKED, "test"), ({"x-synthetic": "robot"}, None), ({}, None)])
def test_what_time_ends_is_marked_as_what_began_it(run, users, headers, mark):
    async def story():
        email = f"{uuid4().hex[:12]}@example.jp"
        credentials = {"email": email, "password": PASSWORD}
        made = await users.call("POST", "/users", credentials | {"name": "x"}, headers=headers)
        await users.change(*users.due_key("registration", made.json["id"]), gsi1sk=LONG_AGO)
        await users.sweep()
        assert (await users.call("POST", "/users", credentials | {"name": "x"}, headers=headers)).status == 201
        await users.call("POST", "/users/confirm", {"email": email, "code": users.code(email)}, headers=headers)
        login = (await users.call("POST", "/auth/login", credentials, headers=headers)).json
        await users.change(f"USER#{login['userId']}", f"SESSION#{login['sessionId']}", dueAt=LONG_AGO)
        await users.change(*users.due_key("session", login["sessionId"]), gsi1sk=LONG_AGO)
        await users.sweep()

    with Receiver() as collector:
        with sending("users", collector, OTEL_SDK_DISABLED="false"):
            run(story())
        for metric, attributes in (
            ("shop.users.registrations", {"shop__registration__stage": "expired"}),
            ("shop.users.session.duration", {"shop__session__end": "expired"}),
        ):
            points = [point for point in collector.of(metric, **attributes) if point.value or point.histogram]
            assert [point.attributes.get(SYNTHETIC) for point in points] == [mark], metric


def test_a_session_that_its_owner_ends_is_marked_as_it_began(run, users):
    """Who clears up after a test may do that without saying what he is."""

    async def story():
        who = await users.customer()
        credentials = {"email": who.email, "password": PASSWORD}
        login = (await users.call("POST", "/auth/login", credentials, headers=MARKED)).json
        path = f"/users/{who.id}/sessions/{login['sessionId']}"
        assert (await users.call("DELETE", path, token=who.token)).status == 204

    with Receiver() as collector:
        with sending("users", collector, OTEL_SDK_DISABLED="false"):
            run(story())
        (point,) = collector.of("shop.users.session.duration", shop__session__end="revoked")
        assert point.attributes[SYNTHETIC] == "test"
