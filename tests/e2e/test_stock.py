"""Stock and mails of a running shop under load and on bad days, seen from outside."""

import json
import subprocess
import sys
from collections import Counter
from typing import Any
from uuid import uuid4

import boto3
import pytest
from tests.support.client import Person, Shop, until
from tests.support.orders import an_order, told

from shop.contracts.commands import ReserveStock
from shop.contracts.events import OrderConfirmed
from shop.contracts.messages import encode, envelope
from shop.contracts.shapes import OrderLine

pytestmark = pytest.mark.e2e
COMMANDS = "inventory-commands.fifo"


@pytest.fixture
def aws(shop: Shop):
    """`aws("sqs")`: a client of the shop's AWS."""
    clients = []

    def client(service):
        access = shop.info["aws"]
        made = boto3.client(
            service, endpoint_url=access["endpoint"], region_name=access["region"],
            aws_access_key_id=access["accessKeyId"], aws_secret_access_key=access["secretAccessKey"],
        )  # fmt: skip
        clients.append(made)
        return made

    yield client
    for each in clients:
        each.close()


@pytest.fixture
def operator(shop: Shop) -> Person:
    return shop.login(**shop.info["operator"])


def a_product(shop: Shop, stock: int) -> str:
    """A new product of which there is so much."""
    admin = shop.login(**shop.info["admin"])
    category = shop.call("GET", "/categories").json["items"][0]["id"]
    body = {"sku": f"E2E-{uuid4().hex[:10]}", "name": "試験用の急須", "price": {"amount": 1000, "currency": "JPY"},
            "categoryId": category, "status": "active", "translations": {"en": {"name": "Test teapot"}},
            "initialStock": stock}  # fmt: skip
    made = admin.call("POST", "/products", body)
    assert made.status == 201, made.body
    product = str(made.json["id"])
    until(lambda: shop.call("GET", f"/inventory/{product}").status == 200)
    return product


def movements(operator: Person, product: str) -> list[tuple[str, int]]:
    """The whole ledger."""
    found: list[tuple[str, int]] = []
    token = ""
    while True:
        page = operator.call("GET", f"/inventory/{product}/movements?limit=100{token}").json
        found += [(each["type"], each["quantity"]) for each in page["items"]]
        if page["nextToken"] is None:
            return found
        token = f"&nextToken={page['nextToken']}"


def test_two_hundred_buyers_of_fifty_pieces_get_exactly_fifty(shop: Shop, operator: Person, aws):
    product, orders = a_product(shop, 50), [uuid4().hex for _ in range(200)]
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=COMMANDS)["QueueUrl"]
    for first in range(0, len(orders), 10):
        entries = []
        for order in orders[first : first + 10]:
            wanted = ReserveStock(order_id=order, lines=[OrderLine(product_id=product, quantity=1)])
            command = envelope(wanted, aggregate_id=order, aggregate_version=1)
            entries.append({"Id": order, "MessageBody": encode(command).decode(), "MessageGroupId": order,
                            "MessageDeduplicationId": command.metadata.event_id})  # fmt: skip
        assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")
    dynamodb = aws("dynamodb")

    def states():
        keys = [{"pk": {"S": f"ORDER#{order}"}, "sk": {"S": "RESERVATION"}} for order in orders]
        some = [{"inventory": {"Keys": keys[first : first + 100]}} for first in (0, 100)]
        found = [dynamodb.batch_get_item(RequestItems=each)["Responses"]["inventory"] for each in some]
        return Counter(item["state"]["S"] for items in found for item in items)

    until(lambda: states().total() == 200, seconds=60)
    assert states() == {"RESERVED": 50, "REJECTED": 150}
    stock = shop.call("GET", f"/inventory/{product}").json
    assert (stock["onHand"], stock["reserved"], stock["available"], stock["status"]) == (50, 50, 0, "OUT_OF_STOCK")
    assert Counter(movements(operator, product)) == {("RECEIPT", 50): 1, ("RESERVATION", 1): 50}
    until(lambda: shop.call("GET", f"/products/{product}").json["stockStatus"] == "OUT_OF_STOCK")


def test_who_waits_is_told_by_mail_once_when_the_product_is_back(shop: Shop, operator: Person):
    product, customer = a_product(shop, 0), shop.register(locale="en")
    asked = [customer.call("POST", f"/inventory/{product}/notify") for _ in range(2)]
    assert [answer.status for answer in asked] == [201, 200]
    assert operator.call("PUT", f"/inventory/{product}", {"adjustment": 3, "reason": "入荷"}).status == 200
    (mail, *_) = until(lambda: [m for m in shop.mails(customer.email) if "Test teapot" in m["Subject"]])
    assert mail["Subject"] == "Back in stock: Test teapot"
    assert customer.call("POST", f"/inventory/{product}/notify").code == "IN_STOCK"
    for left in (0, 5):  # it is sold out and comes back: nobody has asked again
        assert operator.call("PUT", f"/inventory/{product}", {"onHand": left}).status == 200
    told_of = "/notifications?type=BACK_IN_STOCK&limit=100"
    (back,) = [m for m in shop.mails(customer.email) if "Test teapot" in m["Subject"]]
    notification = back["BodyHtml"].split("/notifications/")[1].split("/")[0]
    assert shop.call("GET", f"/notifications/{notification}/open.gif").headers["content-type"] == "image/gif"
    (listed,) = [n for n in operator.call("GET", told_of).json["items"] if n["id"] == notification]
    assert listed["status"] == "OPENED"


def test_a_registered_alert_and_the_default_one_reach_the_operator(shop: Shop, operator: Person):
    product, buyer = a_product(shop, 20), f"{uuid4().hex[:10]}@example.jp"
    body = {"productId": product, "threshold": 10, "email": buyer}
    assert operator.call("POST", "/inventory/alerts", body).status == 201
    for left in (10, 4):
        assert operator.call("PUT", f"/inventory/{product}", {"onHand": left}).status == 200
    until(lambda: [m for m in shop.mails(buyer) if "残り10点" in m["Subject"]])
    default = until(
        lambda: [m for m in shop.mails(operator.email) if product in m["BodyText"] and m["To"] == [operator.email]]
    )
    assert "残り4点" in default[0]["Subject"]


def test_an_alarm_reaches_the_operator_through_the_topic(shop: Shop, operator: Person, aws):
    name = f"e2e-{uuid4().hex[:8]}"
    alarm = {"AlarmName": name, "NewStateValue": "ALARM", "OldStateValue": "OK", "NewStateReason": "x",
             "AlarmArn": f"arn:aws:cloudwatch:ap-northeast-1:1:alarm:{name}", "Region": "Asia Pacific (Tokyo)",
             "StateChangeTime": "2026-11-24T12:00:00.000+0000", "AWSAccountId": "1"}  # fmt: skip
    sns = aws("sns")
    topic = next(t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith(":alerts"))
    for _ in range(2):
        sns.publish(TopicArn=topic, Message=json.dumps(alarm))
    cause = f"{alarm['AlarmArn']} 2026-11-24T12:00:00.000Z"

    def sent():
        found = operator.call("GET", "/notifications?type=SYSTEM_ALERT&status=SENT&limit=100").json["items"]
        return [n for n in found if n["causeEventId"] == cause]

    assert len(until(sent)) == 1
    assert len([m for m in shop.mails(operator.email) if name in m["Subject"]]) == 1


def redrive(shop: Shop, queue: str):
    """The command, as somebody at a terminal types it."""
    command = [sys.executable, "-m", "shop.cli", "redrive", queue, "--json", "--data", shop.info["data"]]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


def letters_in(sqs, queue: str) -> int:
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    names = ["ApproximateNumberOfMessages"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])


def test_poison_is_dead_lettered_with_its_reason(shop: Shop, aws):
    sqs, mark = aws("sqs"), uuid4().hex
    url = sqs.get_queue_url(QueueName="alerts-notifications")["QueueUrl"]
    dead = sqs.get_queue_url(QueueName="alerts-notifications-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"riddle": mark}))
    found: list[dict[str, Any]] = []

    def buried():
        answer = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"], VisibilityTimeout=2)
        found.extend(m for m in answer.get("Messages", ()) if mark in m["Body"])
        return found

    until(buried)
    attributes = {name: each["StringValue"] for name, each in found[0]["MessageAttributes"].items()}
    assert attributes["reason"].startswith("neither an event nor a CloudWatch alarm")
    assert attributes["error.type"] == "Unprocessable"
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=found[0]["ReceiptHandle"])


def test_what_has_failed_too_often_comes_back_by_redrive_once_the_fault_is_mended(shop: Shop, aws):
    sqs, dynamodb, queue = aws("sqs"), aws("dynamodb"), "notifications-events"
    customer, url = shop.register(), sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    key = {"pk": {"S": f"CONTACT#{customer.id}"}, "sk": {"S": "CONTACT"}}
    contact = until(lambda: dynamodb.get_item(TableName="notifications", Key=key).get("Item"))
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    fact = told(OrderConfirmed, an_order(customer.id))
    before = letters_in(sqs, f"{queue}-dlq")
    dynamodb.put_item(TableName="notifications", Item=contact | {"email": {"N": "5"}})  # the fault
    try:  # sooner than after eight receives
        impatient = json.dumps(json.loads(policy) | {"maxReceiveCount": 2})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": impatient})
        sqs.send_message(QueueUrl=url, MessageBody=encode(fact).decode())
        until(lambda: letters_in(sqs, f"{queue}-dlq") == before + 1, seconds=60)
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    assert not [m for m in shop.mails(customer.email) if fact.data.order.id in m["BodyText"]]
    dynamodb.put_item(TableName="notifications", Item=contact)  # mended
    assert redrive(shop, f"{queue}-dlq") == {"queue": queue, "moved": before + 1}
    until(lambda: [m for m in shop.mails(customer.email) if fact.data.order.id in m["BodyText"]])
    until(lambda: letters_in(sqs, f"{queue}-dlq") == before)
