"""The first 15 minutes: which of its steps were taken, by what pages and programs have asked of the console."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

__all__ = ["METRIC", "POINT", "STEPS", "Asked", "taken"]

STEPS: Final = ("order", "trace", "slowest", "log", "metric", "mail")
METRIC: Final = "shop.orders.stage.duration"  # where an order spends its time
POINT: Final = "orders.bottleneck"
KEPT: Final = 500


def lately() -> deque[str]:
    """The last of what was asked for."""
    return deque(maxlen=KEPT)


@dataclass
class Asked:
    """What was asked of this process lately."""

    traces: deque[str] = field(default_factory=lately)
    slowest: deque[str] = field(default_factory=lately)  # traces of which the slowest span was opened
    log_queries: deque[str] = field(default_factory=lately)  # those that found something
    mails: deque[str] = field(default_factory=lately)  # their texts
    metric: float = 0.0  # when it was asked for, in seconds since 1970

    def span(self, trace: Mapping[str, Any], span_id: str) -> None:
        """A span of a trace was opened."""
        if span_id in slowest(trace["spans"]):
            self.slowest.append(trace["traceId"])

    def query(self, promql: str) -> None:
        """A query of metrics was run."""
        if METRIC in promql:
            self.metric = time.time()

    def point(self, id_: str) -> None:
        """An observability point was looked at."""
        if id_ == POINT:
            self.metric = time.time()


def slowest(spans: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of the spans that took the longest by themselves."""
    longest = max((span["selfMs"] for span in spans), default=0.0)
    return {span["spanId"] for span in spans if span["selfMs"] == longest}


def taken(trace: Mapping[str, Any], asked: Asked) -> list[str]:
    """The steps that were taken with the order of this trace."""
    id_, spans = trace["traceId"], trace["spans"]
    ids = {id_, *(span["spanId"] for span in spans)}
    begun = min((datetime.fromisoformat(span["startTime"]).timestamp() for span in spans), default=time.time())
    orders = {str(span["attributes"].get("shop.order.id")) for span in spans} - {"None"}
    done = {
        "order": any(span["name"] == "POST /orders" and span["status"] != "error" for span in spans),
        "trace": id_ in asked.traces,
        "slowest": id_ in asked.slowest,
        "log": any(one in query for query in asked.log_queries for one in ids),
        "metric": asked.metric >= begun,
        "mail": any(order in text for text in asked.mails for order in orders),
    }
    return [step for step in STEPS if done[step]]
