"""The console of a running shop: an order seen in traces, events, mails, queues and observability points."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import boto3
import pytest
from tests.e2e.test_order import product_with_stock
from tests.support.client import Person, Shop, until
from tests.support.shops import own_shop

pytestmark = pytest.mark.e2e
RUN = [sys.executable, "-m", "shop.cli"]


def ask(shop: Shop, path: str, **parameters: Any) -> Any:
    answer = shop.call("GET", f"{path}?{urlencode(parameters)}", base=shop.info["console"])
    return answer.json if answer.status == 200 else None


@pytest.fixture
def customer(shop: Shop) -> Person:
    return shop.register()


def ordered(shop: Shop, customer: Person) -> tuple[str, str]:
    """The id and the trace of an order that is confirmed."""
    customer.fill((product_with_stock(shop)["id"], 1))
    placed = customer.order()
    assert placed.status == 201, placed.body
    assert customer.ends(placed.json["id"])["status"] == "CONFIRMED"
    return placed.json["id"], placed.headers["x-trace-id"]


def test_an_order_is_one_trace_from_the_request_to_the_mail(shop: Shop, customer: Person):
    order, trace_id = ordered(shop, customer)

    def whole():
        found = ask(shop, f"/api/traces/{trace_id}")
        spans = {(each["service"], each["name"]) for each in found["spans"]} if found else set()
        return found if wanted <= spans else None

    wanted = {
        ("gateway", "POST /orders"), ("orders", "POST /orders"), ("inventory", "process inventory-commands.fifo"),
        ("orders", "process orders-events"), ("notifications", "SESv2.SendEmail"),
    }  # fmt: skip
    found = until(whole, seconds=30)
    until(lambda: any(order in each["@message"] for each in ask(shop, f"/api/traces/{trace_id}")["logs"]))
    listed = until(lambda: ask(shop, "/api/traces", attr=f"shop.order.id:{order}")["items"])
    assert trace_id in [each["traceId"] for each in listed]
    roots = [each for each in found["spans"] if each["parentSpanId"] is None]
    assert [(each["service"], each["name"]) for each in roots] == [("gateway", "POST /orders")]
    assert any(each["critical"] for each in found["spans"] if each["service"] == "notifications")


def test_the_map_shows_who_speaks_with_whom(shop: Shop, customer: Person):
    ordered(shop, customer)

    def edges():
        return {(each["from"], each["to"]) for each in ask(shop, "/api/map")["edges"]}

    wanted = {
        ("gateway", "orders"), ("orders", "postgresql/orders"), ("orders", "inventory-commands.fifo"),
        ("inventory-commands.fifo", "inventory"), ("inventory", "dynamodb/inventory"), ("inventory", "shop"),
        ("shop", "orders-events"), ("orders-events", "orders"), ("notifications", "ses"),
    }  # fmt: skip
    until(lambda: wanted <= edges(), seconds=30)
    kinds = {each["service"]: each["kind"] for each in ask(shop, "/api/map")["nodes"]}
    assert (kinds["gateway"], kinds["shop"], kinds["ses"]) == ("gateway", "bus", "mail")
    assert "external" not in {kinds[name] for name in ("orders", "inventory", "catalog") if name in kinds}


def test_the_mail_and_the_events_of_an_order(shop: Shop, customer: Person):
    order, trace_id = ordered(shop, customer)
    email = customer.email.upper()
    (mail,) = until(lambda: ask(shop, "/api/mails", to=email, type="ORDER_CONFIRMATION")["items"])
    assert (mail["to"], mail["from"]) == ([customer.email], "shop@mieruka.example")
    assert order in mail["text"]
    assert mail["traceId"] == trace_id
    assert ask(shop, f"/api/mails/{mail['id']}") == mail
    until(lambda: {each["type"] for each in ask(shop, "/api/mails", to=email)["items"]} >= {"REGISTRATION_CODE"})
    (event,) = until(lambda: ask(shop, "/api/bus/events", type="OrderConfirmed", correlationId=order)["items"])
    assert (event["source"], event["detailType"], event["targets"]) == (
        "shop.orders", "OrderConfirmed", ["notifications-events"],
    )  # fmt: skip
    assert event["detail"]["data"]["order"]["id"] == order


def test_a_dead_letter_has_its_reason_and_goes_back(shop: Shop):
    aws = shop.info["aws"]
    sqs = boto3.client(
        "sqs", endpoint_url=aws["endpoint"], region_name=aws["region"],
        aws_access_key_id=aws["accessKeyId"], aws_secret_access_key=aws["secretAccessKey"],
    )  # fmt: skip
    body = f"poison {uuid4()}"
    sqs.send_message(QueueUrl=f"{aws['endpoint']}/{aws['accessKeyId']}/catalog-events", MessageBody=body)
    sqs.close()

    def letters():
        found = ask(shop, "/api/queues/catalog-events/dead-letters")
        return [each for each in found["items"] if each["body"] == body] if found else []

    (letter,) = until(letters)
    assert "not an envelope" in letter["reason"]
    assert letter["receiveCount"] >= 1
    spans = until(lambda: (ask(shop, f"/api/traces/{letter['traceId']}") or {}).get("spans"))  # of who refused it
    assert "process catalog-events" in [each["name"] for each in spans if each["status"] == "error"]
    queues = {each["name"]: each for each in ask(shop, "/api/queues")["items"]}
    assert queues["catalog-events"]["deadLetters"] >= 1
    assert queues["inventory-commands.fifo"]["kind"] == "fifo"
    answer = shop.call("POST", "/api/queues/catalog-events/redrive", base=shop.info["console"])
    assert answer.status == 202
    assert answer.json["moved"] >= 1
    (again,) = until(lambda: [each for each in letters() if each["messageId"] != letter["messageId"]])
    assert again["reason"] == letter["reason"]
    assert shop.call("GET", "/api/queues/nothing/dead-letters", base=shop.info["console"]).status == 404


def test_views_are_counted_and_every_point_is_there(shop: Shop):
    product = product_with_stock(shop)["id"]

    def views():
        return ask(shop, "/api/signals/catalog.product_views")["value"]

    before = views()
    for _ in range(7):
        assert shop.call("GET", f"/products/{product}").status == 200
    until(lambda: views() >= before + 7)
    points = ask(shop, "/api/signals")["items"]
    assert len(points) == 20
    asked = {
        "id",
        "service",
        "title",
        "question",
        "definition",
        "value",
        "unit",
        "stats",
        "series",
        "promql",
        "insights",
    }
    assert all(asked <= set(each) for each in points)
    alarms = {each["id"]: each for each in ask(shop, "/api/alarms")["items"]}
    assert {"queues.dead_letters", "orders.availability"} <= set(alarms)
    for query in (query for each in alarms.values() for query in each["promql"].values()):
        assert ask(shop, "/api/v1/query", query=query)["status"] == "success"


def test_the_processes_of_the_shop(shop: Shop):
    found = {each["name"]: each for each in ask(shop, "/api/processes")["items"]}
    assert {"gateway", "catalog", "orders-worker", "console", "emulator", "postgres"} <= set(found)
    assert any(name.startswith("users-http-") for name in found)
    assert {name: found[name]["pid"] for name in ("gateway", "console")} == {
        name: shop.info["pids"][name] for name in ("gateway", "console")
    }


@pytest.mark.parametrize(
    "path", ["/api/signals", "/api/queues", "/api/queues/catalog-events/dead-letters", "/api/processes", "/api/alarms"]
)
def test_what_is_known_whole_comes_in_pages_too(shop: Shop, path):
    for query, status in (("limit=0", 422), ("limit=1001", 422), ("limit=x", 422), ("nextToken=forged", 400)):
        assert shop.call("GET", f"{path}?{query}", base=shop.info["console"]).status == status, query
    assert len(ask(shop, path, limit=1)["items"]) <= 1


def test_what_the_logs_say_of_a_point_is_its_value(shop: Shop):
    begin = datetime.now(UTC).isoformat()
    shop.register()

    def agree():
        window = {"from": begin, "to": datetime.now(UTC).isoformat()}
        signal = ask(shop, "/api/signals/users.login_success", **window)
        rows = ask(shop, "/api/logs", query=signal["insights"], **window)["rows"]
        return signal["value"] and rows == [[signal["value"]]]

    until(agree)


def test_commands_ask_the_console_and_telemetry_alone_can_be_forgotten():
    with own_shop() as (shop, data):

        def run(*command: str) -> str:
            done = subprocess.run([*RUN, *command, "--data", data], capture_output=True, text=True, check=True)
            return done.stdout

        customer = shop.register()
        order, trace_id = ordered(shop, customer)
        until(lambda: order in run("mails", "--to", customer.email, "--json"), every=0.5)
        until(lambda: ask(shop, f"/api/traces/{trace_id}"))
        assert "POST /orders" in run("trace", trace_id)
        assert json.loads(run("trace", trace_id, "--json"))["traceId"] == trace_id
        until(lambda: ask(shop, "/api/bus/events", type="OrderConfirmed")["items"])
        assert json.loads(run("replay", "--type", "OrderConfirmed", "--json")) == {"replayed": 1}
        until(lambda: len(ask(shop, "/api/bus/events", type="OrderConfirmed")["items"]) == 2)
        # Its type is in a line of its sender, which may come after the mail itself.
        until(lambda: len(ask(shop, "/api/mails", to=customer.email, type="ORDER_CONFIRMATION")["items"]) == 1)
        run("reset", "--telemetry-only", "--yes")
        assert ask(shop, f"/api/traces/{trace_id}") is None
        assert customer.call("GET", f"/orders/{order}").json["status"] == "CONFIRMED"
