"""Which traces are recorded: OpenTelemetry's samplers, by their names in OTEL_TRACES_SAMPLER."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

__all__ = ["Parent", "Sampler", "always_off", "always_on", "sampler"]


class Parent(Protocol):
    """A span to be the child of: one of this process, or one named by a traceparent."""

    trace_id: str
    span_id: str
    sampled: bool
    remote: bool


Sampler: TypeAlias = Callable[[Parent | None, str], bool]  # parent, trace id -> recorded or not


def always_on(_parent: Parent | None, _trace_id: str) -> bool:
    """Everything."""
    return True


def always_off(_parent: Parent | None, _trace_id: str) -> bool:
    """Nothing."""
    return False


def by_ratio(ratio: float) -> Sampler:
    """This share of traces, the same ones in every process: the id decides."""
    bound = round(ratio * (1 << 64))
    return lambda _parent, trace_id: int(trace_id[16:], 16) < bound


def by_parent(root: Sampler) -> Sampler:
    """As the parent was; `root` decides where there is none."""
    return lambda parent, trace_id: root(None, trace_id) if parent is None else parent.sampled


def sampler(name: str, ratio: float) -> Sampler:
    """The sampler of that name; `ratio` (0..1) is used by those with traceidratio."""
    kind = name.removeprefix("parentbased_")
    root = {"always_on": always_on, "always_off": always_off}.get(kind) or by_ratio(ratio)
    return by_parent(root) if name.startswith("parentbased_") else root
