"""The messages as documents for others: a JSON Schema each, and one AsyncAPI document.

`python -m shop.contracts.schemas` writes the document to `docs/`.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from shop.contracts import topology
from shop.contracts.commands import COMMANDS
from shop.contracts.events import EVENTS
from shop.contracts.messages import Message, Metadata

__all__ = ["asyncapi", "main", "schema"]

TARGET = Path("docs/events/asyncapi.json")
REFERENCE = "#/components/schemas/{name}"


def components() -> dict[str, Any]:
    """The JSON Schema of every message's data, and of all they are made of."""
    _, parts = msgspec.json.schema_components([Metadata, *EVENTS.values(), *COMMANDS.values()], ref_template=REFERENCE)
    return dict(sorted(parts.items()))


def schema(kind: type[Message]) -> dict[str, Any]:
    """The JSON Schema of the whole envelope of one message type, complete in itself."""
    (metadata, data), parts = msgspec.json.schema_components([Metadata, kind], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        "description": kind.__doc__,
        "type": "object",
        "properties": {"metadata": metadata, "data": data},
        "required": ["metadata", "data"],
        "$defs": parts,
    }


def message(kind: type[Message]) -> dict[str, Any]:
    """One message as AsyncAPI has it."""
    return {
        "name": kind.__name__,
        "summary": (kind.__doc__ or "").strip(),
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "properties": {
                "metadata": {"$ref": REFERENCE.format(name="Metadata")},
                "data": {"$ref": REFERENCE.format(name=kind.__name__)},
            },
            "required": ["metadata", "data"],
        },
    }


def channel(address: str, title: str, kinds: list[str]) -> dict[str, Any]:
    """A queue or the bus, with what passes it."""
    return {
        "address": address,
        "title": title,
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in sorted(kinds)},
    }


def queue_messages() -> dict[str, list[str]]:
    """What reaches each queue, by rules, by the alerts topic, by schedules and directly."""
    found: dict[str, list[str]] = {queue.name: [] for queue in topology.QUEUES}
    for rule in topology.RULES:
        for queue in (rule.queue,) if rule.queue else topology.ALERT_SUBSCRIPTIONS:
            found[queue].extend(rule.events)
    for schedule in topology.SCHEDULES:
        found[schedule.queue].append(schedule.command)
    for name, kind in COMMANDS.items():
        if kind.queue:
            found[kind.queue].append(name)
    return found


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of the whole shop."""
    channels = {"bus": channel(topology.BUS, "EventBridge bus", list(EVENTS))}
    for queue, kinds in queue_messages().items():
        channels[queue.removesuffix(".fifo")] = channel(
            queue, "SQS FIFO queue" if "fifo" in queue else "SQS queue", kinds
        )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Mieruka Shop: events and commands", "version": "1.0.0"},
        "channels": channels,
        "components": {
            "messages": {name: message(kind) for name, kind in sorted((EVENTS | COMMANDS).items())},
            "schemas": components(),
        },
    }


def rendered() -> str:
    """The document as it stands in the repository."""
    return msgspec.json.format(msgspec.json.encode(asyncapi()), indent=1).decode() + "\n"


def main() -> int:
    """Write the document; with `--check`, say whether it is what stands there."""
    if "--check" in sys.argv:
        return int(not TARGET.exists() or TARGET.read_text(encoding="utf-8") != rendered())
    TARGET.write_text(rendered(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
