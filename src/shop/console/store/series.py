"""Which series there are, in memory: what a selector finds before any sample is read."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
import re2

from shop.console.ports import Matcher, Metadata

__all__ = ["Entry", "Registry"]

DATAPOINT = "@datapoint."


class Entry(NamedTuple):
    """A series without its samples."""

    id: int
    name: str
    kind: str
    temporality: str
    unit: str
    brief: str
    resource: Mapping[str, str]  # labels
    scope: Mapping[str, str]  # labels
    attributes: Mapping[str, str]  # labels

    @property
    def labels(self) -> dict[str, str]:
        """All of them, as `ports.Series` says."""
        about = {
            "__name__": self.name,
            "__type__": self.kind,
            "__temporality__": self.temporality,
            "__unit__": self.unit,
        }
        own = {name: value for name, value in about.items() if value}
        return {**self.resource, **self.scope, **self.attributes, **own}

    def label(self, name: str) -> str:
        """One of them, also by its long name; "" when it has none of this name."""
        if name.startswith("@resource."):
            return self.resource.get(name, "")
        if name.startswith("@instrumentation."):
            return self.scope.get(name, "")
        if name.startswith(DATAPOINT):
            rest = name.removeprefix(DATAPOINT)
            return self.name if rest == "@name" else self.attributes.get(rest, "")
        match name:
            case "__name__":
                return self.name
            case "__type__":
                return self.kind
            case "__temporality__":
                return self.temporality
            case "__unit__":
                return self.unit
        return self.attributes.get(name, "")


class Registry:
    """Every series of the store, by id and by name. Written by the receiver, read on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, dict[int, Entry]] = {}
        self._ids: set[int] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, rows: Iterable[Sequence[Any]], resources: Mapping[int, str]) -> None:
        """Series as they are in the table, with the resources that they name."""
        for id_, name, kind, temporality, unit, brief, resource, scope, attributes in rows:
            if id_ in self._ids:
                continue
            labels = resource_labels(resources.get(resource, "{}"))
            entry = Entry(
                id_, name, kind, temporality, unit, brief, labels, scope_labels(scope), own_labels(attributes)
            )
            with self._lock:
                self._ids.add(id_)
                self._by_name.setdefault(name, {})[id_] = entry

    def keep(self, ids: set[int]) -> None:
        """Forget all others."""
        with self._lock:
            self._ids &= ids
            for name, entries in list(self._by_name.items()):
                left = {id_: entry for id_, entry in entries.items() if id_ in ids}
                self._by_name[name] = left
                if not left:
                    del self._by_name[name]

    def find(self, matchers: Sequence[Matcher]) -> list[Entry]:
        """The series that match all. ValueError: a regular expression is none."""
        tests = [(matcher.name, test_of(matcher)) for matcher in matchers]
        return [entry for entry in self._of(matchers) if all(test(entry.label(name)) for name, test in tests)]

    def _of(self, matchers: Sequence[Matcher]) -> list[Entry]:
        named = {each.value for each in matchers if each.op == "=" and each.name in ("__name__", "@datapoint.@name")}
        with self._lock:
            names = named or list(self._by_name)
            return [entry for name in names for entry in self._by_name.get(name, {}).values()]

    def named(self, name: str) -> list[Entry]:
        """The series of one metric."""
        with self._lock:
            return list(self._by_name.get(name, {}).values())

    def metadata(self, name: str | None) -> list[Metadata]:
        """What is known of every metric, or of one."""
        with self._lock:
            entries = [
                next(iter(found.values()))
                for metric, found in self._by_name.items()
                if name in (None, metric) and found
            ]
        return [Metadata(each.name, each.kind, each.unit, each.brief) for each in entries]


def test_of(matcher: Matcher) -> Any:
    """What a label's value must pass."""
    if matcher.op in ("=", "!="):
        return lambda value: (value == matcher.value) == (matcher.op == "=")
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(f"(?s:{matcher.value})", options)
    except re2.error as error:
        raise ValueError(f"{matcher.value} is no regular expression: {error}") from error
    return lambda value: (pattern.fullmatch(value) is not None) == (matcher.op == "=~")


@cache
def resource_labels(attributes: str) -> Mapping[str, str]:
    """The attributes of a resource as labels."""
    return {f"@resource.{name}": text(value) for name, value in msgspec.json.decode(attributes).items()}


@cache
def scope_labels(scope: str) -> Mapping[str, str]:
    """What is known of a library as labels."""
    return {f"@instrumentation.{name}": text(value) for name, value in msgspec.json.decode(scope).items()}


def own_labels(attributes: str) -> Mapping[str, str]:
    """The attributes of a point as labels."""
    return {name: text(value) for name, value in msgspec.json.decode(attributes).items()}


def text(value: Any) -> str:
    """A value as a label has it: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
