"""The entry points that the topology names, in an environment of their own, called as Lambda calls them."""

import base64
from uuid import uuid4

from tests.support.functions import call, from_gateway, from_queue
from tests.support.orders import an_order, told

from shop.contracts.events import OrderConfirmed, UserConfirmed
from shop.contracts.messages import envelope
from shop.contracts.topology import FUNCTIONS
from shop.kernel.ids import new_id
from shop.runtime.dynamo import wire

APP = "shop.notifications.app"


def test_events_become_mails_facts_and_opens(run, shop, environment):
    who = UserConfirmed(user_id=new_id(), email=f"{uuid4().hex[:12]}@example.jp", name="山田", locale="ja")
    order = an_order(who.user_id)
    known = ("events", from_queue(envelope(who, aggregate_id=who.user_id, aggregate_version=1)))
    confirmed, failing = told(OrderConfirmed, order), told(OrderConfirmed, an_order(new_id()))
    table = shop.deps.parts.table
    run(table.write(table.put({"pk": f"CONTACT#{failing.data.order.user_id}", "sk": "CONTACT", "email": 5})))
    (first, second, unwanted), _ = call(APP, known, ("events", from_queue(confirmed, failing, confirmed)))
    assert (first, second) == ({"batchItemFailures": []}, {"batchItemFailures": [{"itemIdentifier": "m1"}]})
    assert unwanted == []
    assert len(shop.mails(who.email)) == 1

    (mail,) = run(shop.listed(f"orderId={order.id}"))
    (item,) = run(outbox_items(shop, mail["id"]))
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": wire(item)}}
    opened = ("http", from_gateway(f"/notifications/{mail['id']}/open.gif"))
    (relayed, pixel, _), _ = call(APP, ("relay", {"Records": [record]}), opened)
    assert relayed == {"batchItemFailures": []}
    assert (pixel["statusCode"], pixel["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(pixel["body"]).startswith(b"GIF89a")
    assert run(shop.announced(mail["id"])) == ["NotificationOpened"]


async def outbox_items(shop, mail_id):
    found = await shop.deps.parts.table.query("outbox", index=("outbox", "outboxShard", "outboxAt"), limit=1000)
    return [item for item in found.items if any(mail_id in message for message in item["messages"])]


def test_every_function_of_the_topology_has_its_entry_point(environment):
    from shop.notifications import app

    handlers = [each.handler for each in FUNCTIONS if each.service == "notifications"]
    assert sorted(handlers) == sorted(
        f"shop.notifications.app.{name}" for name in ("http", "events", "alerts", "relay")
    )
    assert all(callable(getattr(app, handler.rpartition(".")[2])) for handler in handlers)
