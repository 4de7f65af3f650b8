"""The drawing of the service map."""

import itertools
import random

import pytest

from shop.console.pages.graph import draw
from shop.console.pages.view import clipped


def node(service, kind="service", requests=1):
    return {"service": service, "kind": kind, "requests": requests, "errors": 0, "p95Ms": 1.0}


def edge(start, to, requests=1, errors=0):
    return {"from": start, "to": to, "requests": requests, "errors": errors, "p95Ms": 1.0}


SHOP = [
    node("gateway", "gateway", 9), node("orders"), node("inventory"), node("shop", "bus"), node("ses", "mail"),
    node("postgresql/orders", "database"), node("commands.fifo", "queue"), node("orders-events", "queue"),
]  # fmt: skip
CALLS = [
    edge("gateway", "orders"), edge("gateway", "inventory"), edge("orders", "gateway"), edge("orders", "ses"),
    edge("orders", "postgresql/orders"), edge("orders", "commands.fifo", 5), edge("commands.fifo", "inventory", 5, 2),
    edge("inventory", "shop"), edge("shop", "orders-events", 3), edge("orders-events", "orders", 3),
]  # fmt: skip


def apart(one, other):
    return (
        one.x + one.wide <= other.x
        or other.x + other.wide <= one.x
        or one.y + one.high <= other.y
        or other.y + other.high <= one.y
    )


def places(drawing):
    return {box.node["service"]: box for box in drawing.boxes}


def test_what_goes_through_a_queue_goes_straight_until_queues_are_asked_for():
    plain = draw(SHOP, CALLS)
    assert {"commands.fifo", "orders-events"}.isdisjoint(places(plain))
    messages = {(arrow.edge["from"], arrow.edge["to"]): arrow.edge for arrow in plain.arrows if arrow.message}
    assert set(messages) == {("orders", "inventory"), ("inventory", "shop"), ("shop", "orders")}
    assert (messages["orders", "inventory"]["requests"], messages["orders", "inventory"]["errors"]) == (5, 2)
    assert messages["orders", "inventory"]["via"] == ["commands.fifo"]
    whole = draw(SHOP, CALLS, queues=True)
    assert {"commands.fifo", "orders-events"} <= set(places(whole))
    assert len(whole.arrows) == len(CALLS)


def test_calls_go_right_and_a_service_has_its_stores_beside_it():
    boxes = places(draw(SHOP, CALLS, queues=True))
    assert boxes["gateway"].x < boxes["orders"].x == boxes["inventory"].x < boxes["ses"].x < boxes["shop"].x
    assert boxes["orders"].y <= boxes["postgresql/orders"].y < boxes["orders"].y + boxes["orders"].high
    assert boxes["inventory"].y <= boxes["commands.fifo"].y < boxes["inventory"].y + boxes["inventory"].high


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("queues", [True, False])
def test_no_box_lies_on_another_whatever_calls_whatever(seed, queues):
    chance = random.Random(seed)
    kinds = ("service", "database", "queue", "bus", "topic", "storage", "mail", "external")
    nodes = [node(f"n{n}", chance.choice(kinds), chance.randrange(9)) for n in range(chance.randrange(1, 24))]
    names = [each["service"] for each in nodes]
    edges = [edge(chance.choice(names), chance.choice(names), chance.randrange(9)) for _ in range(40)]
    drawing = draw(nodes, edges, queues=queues)
    assert len(drawing.boxes) == sum(queues or each["kind"] != "queue" for each in nodes)
    for one, other in itertools.combinations(drawing.boxes, 2):
        assert apart(one, other), (one, other)
    assert all(box.x + box.wide <= drawing.width and box.y + box.high <= drawing.height for box in drawing.boxes)


def test_nothing_is_drawn_of_nothing():
    assert draw([], []).boxes == []


def test_a_name_is_clipped_to_its_box():
    assert clipped("orders", 17) == "orders"
    assert clipped("a-very-long-service-name", 17) == "a-very-long-serv…"
    assert clipped("とても長いサービスの名前", 17) == "とても長いサービ…"
