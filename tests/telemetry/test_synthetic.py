"""Rule 9: synthetic traffic is marked in every signal, in what only time brings about later too."""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import pytest
from tests.support.story import told
from tests.telemetry.matrix import CHORES

from shop.contracts.commands import ReconcileDue, SweepDue
from shop.runtime.consume import Consumer
from shop.telemetry import names
from shop.telemetry.generate import Registry

KEY = names.USER_AGENT_SYNTHETIC_TYPE
SERVICES = ("catalog", "inventory", "notifications", "orders", "users")
DUE = re.compile(r'telemetry\.due\(\s*"(\w+)"')


def workers():
    return {service: importlib.import_module(f"shop.{service}.worker") for service in SERVICES}


def schedules():
    """The functions that a schedule or a timer begins, by their names."""
    for service, module in workers().items():
        for name, function in vars(module).items():
            own = inspect.iscoroutinefunction(function) and function.__module__ == module.__name__
            if own and "stop" in inspect.signature(function).parameters:
                yield f"{service}.worker.{name}", function
            if isinstance(function, Consumer):
                for kind in function.handles & {SweepDue.__name__, ReconcileDue.__name__}:
                    handler = function._handlers[kind]
                    yield f"{service}.worker.{handler.__name__}", handler


def chores(function):
    """What a function does, as `module.function` of its service or the runtime, through functions of its own module."""
    module, found, seen, waiting = importlib.import_module(function.__module__), set(), set(), [function]
    while waiting:
        each = waiting.pop()
        seen.add(each)
        for node in ast.walk(ast.parse(inspect.getsource(each))):
            try:
                called = eval(ast.unparse(node), vars(module)) if isinstance(node, ast.Name | ast.Attribute) else None
            except (NameError, AttributeError):
                continue
            if not inspect.iscoroutinefunction(called):
                continue
            if called.__module__ == module.__name__:
                waiting += [called] if called not in seen else []
            elif isinstance(node, ast.Attribute):
                found.add(ast.unparse(node))
    return found


@pytest.mark.parametrize("schedule", CHORES)
def test_what_a_schedule_does_is_in_the_matrix_with_what_is_then_due(schedule):
    """Whoever adds a chore finds out here that it has to be marked."""
    assert chores(dict(schedules())[schedule]) == CHORES[schedule].keys()


def test_every_schedule_and_timer_is_in_the_matrix():
    assert {name for name, _ in schedules()} == CHORES.keys()


def test_what_is_due_in_the_matrix_is_what_the_code_and_the_registry_say():
    sources = (path.read_text("utf-8") for service in SERVICES for path in Path("src/shop", service).rglob("*.py"))
    in_code = {what for text in sources for what in DUE.findall(text)}
    in_matrix = {what for some in CHORES.values() for what in some.values()} - {"-"}
    assert in_code == in_matrix == set(Registry().members(names.DUE_WHAT) or ())


@pytest.mark.parametrize(
    ("metric", "attribute", "value"),
    [
        (names.ORDERS_CARTS, names.CART_OUTCOME, "abandoned"),
        (names.USERS_REGISTRATIONS, names.REGISTRATION_STAGE, "expired"),
        (names.USERS_SESSION_DURATION, names.SESSION_END, "expired"),
        (names.ORDERS_TRANSITIONS, names.ORDER_STATUS, "CONFIRMED"),
        (names.NOTIFICATIONS_MAILS, names.NOTIFICATION_TYPE, "ORDER_CONFIRMATION"),
        (names.INVENTORY_MOVEMENTS, names.MOVEMENT_TYPE, "RESERVATION"),
        (names.INVENTORY_RESTOCK_REGISTRATIONS, KEY, "test"),
    ],
)
def test_what_a_robot_has_done_and_left_is_counted_apart(metric, attribute, value):
    points = told().once(metric, {attribute: value, KEY: "test"})
    assert sum(point.histogram["count"] if point.histogram else point.value for point in points) == 1


def test_whatever_tells_of_a_robot_or_his_order_is_marked():
    """His own requests, what they led to in every service, and what only time brought about."""
    story = told()
    spans = [span for span in story.spans if set(story.robots) & set(map(str, span.attributes.values()))]
    assert {span.service for span in spans} >= {"orders", "inventory", "notifications"}
    assert {(span.name, span.attributes.get(KEY)) for span in spans} >= {("due cart", "test"), ("due session", "test")}
    assert [span.name for span in spans if span.attributes.get(KEY) != "test"] == []
    lines = [json.loads(line.body) for line in story.lines if any(each in line.body for each in story.robots)]
    assert {line["event"] for line in lines} >= {"shop.request", "shop.message", "shop.due"}
    assert [line for line in lines if line.get(KEY) != "test"] == []


def test_a_trace_that_a_robot_began_is_marked_from_end_to_end():
    story = told()
    roots = {span.trace_id for span in story.spans if not span.parent_id and span.attributes.get(KEY) == "test"}
    assert len(roots) > 10
    assert {span.name for span in story.spans if span.trace_id in roots and span.attributes.get(KEY) != "test"} == set()
