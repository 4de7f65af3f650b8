"""The registry is what is emitted, and nothing else: held against all that the story's shop really said."""

import ast
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from tests.support.story import told

from shop.telemetry import names
from shop.telemetry.generate import Registry, annotations, outputs

REGISTRY = Registry()
EVERYWHERE = {names.USER_AGENT_SYNTHETIC_TYPE, names.SESSION_ID}  # what a request's context puts on all it leads to
ON_METRICS = {names.USER_AGENT_SYNTHETIC_TYPE, names.OTEL_METRIC_OVERFLOW}
ON_LINES = EVERYWHERE | {
    *("timestamp", "level", "event", "trace_id", "span_id"),
    names.SERVICE_NAME,
    names.FAAS_INVOCATION_ID,
}
OF_IMPORTED = {  # attributes that the semantic conventions give these metrics, and we use
    names.HTTP_SERVER_REQUEST_DURATION: {
        names.HTTP_REQUEST_METHOD,
        names.HTTP_ROUTE,
        names.HTTP_RESPONSE_STATUS_CODE,
        names.ERROR_TYPE,
    },
    names.FAAS_COLDSTARTS: {names.FAAS_TRIGGER},
}
ONLY_IN_TROUBLE = {  # of the semantic conventions; of our own the registry says it
    names.EXCEPTION_STACKTRACE,
    names.OTEL_METRIC_OVERFLOW,
}


def refs(item):
    return {attribute["ref"] for attribute in item.get("attributes", ())}


def required(item):
    return {each["ref"] for each in item.get("attributes", ()) if each["requirement_level"] == "required"}


def of_trouble(item):
    return annotations(item).get("when") == "trouble"


METRICS = {metric["name"]: metric for metric in REGISTRY.metrics}
EVENTS = {event["name"]: event for event in REGISTRY.events}
OWN = {attribute["key"]: attribute for attribute in REGISTRY.attributes}
IMPORTED = {attribute["ref"] for group in REGISTRY.groups for attribute in group["attributes"]}


def on_metrics():
    """Attributes seen on the points of each metric."""
    seen: dict[str, set[str]] = defaultdict(set)
    for point in told().points:
        seen[point.name].update(point.attributes)
    return seen


def fields():
    """Fields seen on the lines of each event."""
    seen: dict[str, set[str]] = defaultdict(set)
    for line in told().lines:
        content = json.loads(line.body)
        seen[content["event"]].update(content)
    return seen


def name_of(span, kind):
    """How a span of this type has to be called, by its own attributes."""

    def filled(match):
        value = span.attributes.get(match[1], "")
        return ",".join(value) if isinstance(value, tuple) else str(value)

    return re.sub(r"{([\w.]+)}", filled, kind["name"]["note"]).strip()


def kind_of(span):
    """The type of a span in the registry; None when there is none."""
    fitting = (
        kind
        for kind in REGISTRY.spans
        if kind["kind"] == span.kind and required(kind) <= span.attributes.keys() and span.name == name_of(span, kind)
    )
    return next(fitting, None)


def used_in_code():
    """Constants of names.py that the shop's code refers to."""
    trees = (ast.parse(path.read_text("utf-8")) for path in Path("src/shop").rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    constants = {name: value for name, value in vars(names).items() if name.isupper()}
    return {constants.get(node.attr) for node in nodes if isinstance(node, ast.Attribute)}


def test_what_is_made_from_the_registry_is_up_to_date():
    assert [path.name for path, text in outputs(REGISTRY).items() if path.read_text("utf-8") != text] == []


def test_every_reference_is_to_something_that_is_defined():
    items = [*REGISTRY.metrics, *REGISTRY.events, *REGISTRY.spans]
    assert {ref for item in items for ref in refs(item)} - OWN.keys() - IMPORTED == set()


@pytest.mark.parametrize("item", [*REGISTRY.metrics, *REGISTRY.events], ids=lambda item: item["name"])
def test_each_metric_and_event_has_its_question_in_both_languages(item):
    about = annotations(item)
    assert item["brief"]
    assert about["ja"]
    assert about["question"].endswith("?")
    assert about["question_ja"]


def test_every_metric_that_is_emitted_is_defined_with_its_attributes_kind_and_unit():
    for point in told().points:
        if point.name in OF_IMPORTED:
            assert set(point.attributes) <= OF_IMPORTED[point.name] | ON_METRICS
            continue
        metric = METRICS[point.name]
        assert set(point.attributes) <= refs(metric) | ON_METRICS, point.name
        assert point.service in annotations(metric)["services"], (point.name, point.service)
        kinds = {"counter": "sum", "histogram": "exponential_histogram", "gauge": "gauge"}
        assert (point.kind, point.unit) == (kinds[metric["instrument"]], metric["unit"])


def test_every_metric_that_is_defined_is_emitted_with_each_of_its_attributes():
    seen = on_metrics()
    dead = {name for name, metric in METRICS.items() if name not in seen and not of_trouble(metric)}
    assert dead | (OF_IMPORTED.keys() - seen.keys()) == set()
    unused = {(name, ref) for name in seen.keys() & METRICS.keys() for ref in refs(METRICS[name]) - seen[name]}
    assert unused == set()


def test_a_bounded_attribute_has_only_its_members_as_values():
    members = {key: set(found) for key in OWN if (found := REGISTRY.members(key))}
    strange = {
        (point.name, key, value)
        for point in told().points
        for key, value in point.attributes.items()
        if key in members and value not in members[key]
    }
    assert strange == set()


def test_every_span_is_of_a_type_that_is_defined_and_bears_no_other_attribute():
    for span in told().spans:
        kind = kind_of(span)
        assert kind is not None, (span.kind, span.name, span.attributes)
        assert set(span.attributes) <= refs(kind) | EVERYWHERE, span.name


def test_every_type_of_span_is_emitted():
    seen = {kind["type"] for span in told().spans if (kind := kind_of(span))}
    assert {kind["type"] for kind in REGISTRY.spans if not of_trouble(kind)} - seen == set()


def test_every_line_is_an_event_that_is_defined_and_bears_no_other_field():
    seen = fields()
    assert seen.keys() - EVENTS.keys() == set()
    strange = {(event, name) for event, some in seen.items() for name in some - refs(EVENTS[event]) - ON_LINES}
    assert strange == set()


def test_every_event_that_is_defined_is_written():
    seen = fields()
    assert {name for name, event in EVENTS.items() if name not in seen and not of_trouble(event)} == set()


def test_every_attribute_that_is_defined_is_used_somewhere():
    story = told()
    seen: set[str] = set().union(*on_metrics().values(), *fields().values())
    for span in story.spans:
        seen |= {*span.attributes, *span.resource, *(name for _, some in span.events for name in some)}
    good = {key for key, attribute in OWN.items() if not of_trouble(attribute)} | IMPORTED - ONLY_IN_TROUBLE
    assert good - seen - OTHERWHERE == set()


OTHERWHERE = {
    names.CATEGORY_ID,  # what an admin does with categories
    names.AWS_LOG_GROUP_NAMES,  # a resource attribute of lines, which the receiver keeps without
    "reason",  # see what only trouble brings
}


def test_what_only_trouble_brings_has_code_that_brings_it():
    """And is tested where that trouble is made."""
    used = used_in_code()
    items = [*REGISTRY.metrics, *REGISTRY.events]
    assert {item["name"] for item in items if of_trouble(item)} - used == set()


def test_every_resource_attribute_is_defined():
    resources: set[str] = set()
    for given in (told().spans, told().points):
        resources |= {name for each in given for name in each.resource}
    assert resources - IMPORTED == set()


def test_a_value_that_is_registered_as_bounded_is_there_from_the_start():
    """As 0 if nothing happened: for every service that counts it."""
    seen = {(point.service, point.name, frozenset(point.attributes.items())) for point in told().points}
    expected = {
        (service, metric["name"], frozenset(attributes.items()))
        for metric in REGISTRY.metrics
        for service in annotations(metric)["services"]
        for attributes in REGISTRY.initial(metric)
    }
    assert len(expected) > 60
    assert expected - seen == set()
