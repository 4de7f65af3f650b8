"""The page docs/wiring.md, the topology and the message types say the same, each read independently."""

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from shop.contracts import schemas, topology
from shop.contracts.commands import COMMANDS
from shop.contracts.events import EVENTS
from shop.contracts.messages import encode, envelope, read_message
from shop.contracts.topology import QueueSource
from shop.kernel.errors import Unprocessable

PAGE = Path("docs/wiring.md").read_text(encoding="utf-8")


def table(heading: str) -> dict[str, tuple[str, ...]]:
    """First column -> the names in backticks of the other columns, of the table under a heading."""
    section = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): tuple(re.findall(r"`([^`]+)`", " ".join(row[1:]))) for row in rows}


def test_facts_go_where_the_page_says():
    routed: dict[str, set[str]] = {name: set() for name in EVENTS}
    for rule in topology.RULES:
        for event in rule.events:
            routed[event].add(rule.queue or rule.topic or "")
    assert {name: set(queues) for name, queues in table("Facts on the bus `shop`").items()} == routed


def test_commands_go_where_the_page_says():
    direct: dict[str, set[str]] = {name: {kind.queue} if kind.queue else set() for name, kind in COMMANDS.items()}
    for schedule in topology.SCHEDULES:
        direct[schedule.command].add(schedule.queue)
    assert {name: set(queues) for name, queues in table("Commands, straight to a queue").items()} == direct


def test_every_queue_is_emptied_by_whom_the_page_says():
    emptied = {queue: (container.name,) for container in topology.CONTAINERS for queue in container.queues}
    for function in topology.FUNCTIONS:
        if isinstance(function.source, QueueSource):
            emptied[function.source.queue] = (function.name,)
    assert table("Queues and who empties them") == emptied
    assert set(emptied) == {queue.name for queue in topology.QUEUES}


def test_the_fifo_queue_is_read_one_message_at_a_time():
    sources = [f.source for f in topology.FUNCTIONS if isinstance(f.source, QueueSource) and ".fifo" in f.source.queue]
    assert [source.batch_size for source in sources] == [1]


def test_dead_letter_queues_are_of_the_same_kind():
    assert topology.dead_letter_queue("orders-events") == "orders-events-dlq"
    assert topology.dead_letter_queue("inventory-commands.fifo") == "inventory-commands-dlq.fifo"


def test_no_schedule_is_shorter_than_aws_allows():
    assert all(schedule.minutes >= 1 for schedule in topology.SCHEDULES)


def test_visibility_outlives_the_function_six_times():
    queues = {queue.name: queue for queue in topology.QUEUES}
    for function in topology.FUNCTIONS:
        if isinstance(function.source, QueueSource):
            assert queues[function.source.queue].visibility >= 6 * function.timeout, function.name


def test_services_of_the_topology_are_services():
    owners: list[topology.Queue | topology.Table | topology.Bucket | topology.Container] = [
        *topology.QUEUES,
        *topology.TABLES,
        *topology.BUCKETS,
        *topology.CONTAINERS,
    ]
    assert {owner.service for owner in owners} <= set(topology.SERVICES)


def test_the_asyncapi_document_is_current():
    assert schemas.TARGET.read_text(encoding="utf-8") == schemas.rendered(), "run: python -m shop.contracts.schemas"


SAMPLES = json.loads(Path("tests/contract/messages.json").read_text(encoding="utf-8"))


def test_every_message_type_has_a_sample():
    assert set(SAMPLES) == set(EVENTS) | set(COMMANDS)


@pytest.mark.parametrize("name", sorted(EVENTS | COMMANDS))
def test_a_message_is_what_its_schema_says_and_comes_back_as_it_went(name):
    kind = (EVENTS | COMMANDS)[name]
    data = msgspec.convert(SAMPLES[name], kind)
    sent = encode(envelope(data, aggregate_id="a", aggregate_version=3))
    jsonschema.validate(json.loads(sent), schemas.schema(kind))
    assert read_message(sent, {name: kind}).data == data


@pytest.mark.parametrize("name", sorted(EVENTS | COMMANDS))
def test_a_message_with_a_field_of_the_wrong_type_is_refused(name):
    kind = (EVENTS | COMMANDS)[name]
    whole = json.loads(encode(envelope(msgspec.convert(SAMPLES[name], kind), aggregate_id="a", aggregate_version=3)))
    fields = whole["data"] or {"": None}
    for field, value in fields.items():
        other_type: object = 7 if isinstance(value, dict) else {}
        data = whole["data"] | {field: other_type} if field else "no object"
        with pytest.raises(Unprocessable, match=name):
            read_message(json.dumps(whole | {"data": data}), {name: kind})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not json", "not an envelope"),
        ("{}", "not an envelope"),
        ('{"metadata": {}, "data": {}}', "not an envelope"),
        ("\udcff", "not an envelope"),
    ],
)
def test_what_is_no_envelope_says_so(body, reason):
    with pytest.raises(Unprocessable, match=reason):
        read_message(body.encode("utf-8", "surrogateescape"), EVENTS)


def test_a_later_version_is_refused_not_guessed():
    whole = json.loads(encode(envelope(EVENTS["StockDepleted"](product_id="p"), aggregate_id="p", aggregate_version=1)))
    whole["metadata"]["version"] = 2
    with pytest.raises(Unprocessable, match="unknown version 2 of StockDepleted"):
        read_message(json.dumps(whole), EVENTS)


def test_an_optional_field_that_a_later_minor_version_adds_is_ignored():
    whole = json.loads(encode(envelope(EVENTS["StockDepleted"](product_id="p"), aggregate_id="p", aggregate_version=1)))
    whole["data"]["warehouse"] = "osaka"
    whole["metadata"]["tenant"] = "x"
    assert read_message(json.dumps(whole), EVENTS).data.product_id == "p"
