"""What the query engines see of the store: series with their samples, and log lines in SQL. Times are ns since 1970."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

__all__ = [
    "LINES", "Cells", "Exemplar", "Histogram", "Logs", "Matcher", "Matchers", "Metadata", "Metrics", "Sample", "Series",
    "Sum",
]  # fmt: skip

LINES = "lines"
"""The relation that a query over logs reads, one row per line:

| column      | type        |                                                                                     |
|-------------|-------------|-------------------------------------------------------------------------------------|
| `time`      | BIGINT      | ns since 1970: `@timestamp`                                                         |
| `message`   | VARCHAR     | the line as it was written: `@message`                                              |
| `log`       | VARCHAR     | `/shop/<env>/<service.name>`: `@log`                                                |
| `fields`    | VARCHAR     | a JSON object: the line's own, if it is one; else attributes, trace_id, span_id, level |
| `event`     | VARCHAR     | the field `event` where it is text: most queries ask for it                         |
| `route`     | VARCHAR     | the field `http.route`, and                                                          |
| `duration`  | DOUBLE      | the field `duration_ms`, where it is a number: likewise                              |
| `stream`    | VARCHAR     | `service.instance.id`: `@logStream`                                                  |
| `ingested`  | BIGINT      | ns since 1970: `@ingestionTime`                                                     |
| `id`        | BIGINT      | unique, ascending in the order of arrival: `@ptr`, and the tie-break of every order   |
| `trace`     | UBIGINT     | the latter half of the field `trace_id`, where that is 32 digits of lower-case hex     |

A field's name holds dots (`"shop.order.id"`): read it with the JSON path `$."shop.order.id"`, or nested ones of foreign
logs with `$.a.b`. Bound `time` on both sides: the blocks of the table are in about its order, and the rest is skipped.
"""


MINUTE: Final = 60 * 10**9


class Matcher(NamedTuple):
    """A condition on a label; an absent label has the value "". Regular expressions match the whole value."""

    name: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


class Histogram(msgspec.Struct, frozen=True, gc=False):
    """The values of a histogram's point. Buckets are exponential, or explicit where `bounds` is not None.

    Exponential: bucket i of `positive` holds the values in (base**(offset+i), base**(offset+i+1)], with base =
    2**(2**-scale); `negative` likewise, mirrored. Explicit: `positive` has one count more than `bounds`, the last one
    up to infinity.
    """

    count: int
    total: float  # 0.0 when the sender gives no sum
    scale: int = 0
    zero_count: int = 0
    zero_threshold: float = 0.0
    offset: int = 0
    positive: Sequence[int] = ()
    negative_offset: int = 0
    negative: Sequence[int] = ()
    bounds: Sequence[float] | None = None
    smallest: float | None = None
    largest: float | None = None


class Sum(msgspec.Struct, frozen=True, gc=False):
    """Of exponential histograms: `buckets` by index, since those of a fine scale lie far apart. None is negative."""

    count: int
    total: float
    scale: int
    zero_count: int
    buckets: Mapping[int, int]


class Sample(NamedTuple):
    """A point: what was counted, or seen, in (start, time]. `start` is 0 where the sender gave none.

    Without a value it says that the series has ended (Prometheus calls it a stale marker).
    """

    start: int
    time: int
    value: float | Histogram | Sum | None


class Series(NamedTuple):
    """A series and its samples, ascending in time.

    Labels: `__name__`, `__type__` (gauge, counter, updowncounter, histogram), `__temporality__` (delta, cumulative;
    none for a gauge), `__unit__` where there is one, data point attributes by their bare key, `@resource.<key>`,
    `@instrumentation.@name`, `@instrumentation.@version`, `@instrumentation.<key>`. A matcher also finds
    `@datapoint.<key>` and `@datapoint.@name`.
    """

    labels: Mapping[str, str]
    samples: Sequence[Sample]


class Metadata(NamedTuple):
    """What is known of a metric."""

    name: str
    kind: str  # as `__type__`
    unit: str
    brief: str


class Exemplar(NamedTuple):
    """One of a histogram's values, and the span that it comes from."""

    labels: Mapping[str, str]  # of its series
    time: int
    value: float
    trace_id: str
    span_id: str


class Cells(NamedTuple):
    """Stretches of time of one size, one after the other, from `origin` on; each in two where there is a `cut`.

    (origin + n * size, origin + (n + 1) * size], and what is divided at origin + n * size + cut.
    """

    origin: int
    size: int
    cut: int = 0

    @property
    def of_minutes(self) -> bool:
        """Whether each is made of whole minutes."""
        return not any(each % MINUTE for each in self)

    def of(self, moment: str) -> str:
        """SQL for the number of the cell that ends at, or after, a moment after `origin`."""
        since = f"({moment} - 1 - ({self.origin}))"
        whole = f"{since} // {self.size}"
        return f"2 * ({whole}) + ({since} % {self.size} >= {self.cut})::bigint" if self.cut else whole


Matchers: TypeAlias = Sequence[Matcher]


class Metrics(Protocol):
    """The metrics of the store. Blocking: to be called on a thread that may wait."""

    def select(self, matchers: Matchers, start: int, end: int) -> list[Series]:
        """The series that match, with their samples whose time is in (start, end]; those without one are left out."""
        ...

    def sums(self, matchers: Matchers, start: int, end: int, cells: Cells) -> list[Series]:
        """As `select`, but the samples of a series that end in the same cell may come as their sum."""
        ...

    def series(self, matchers: Matchers, start: int, end: int) -> list[Mapping[str, str]]:
        """The labels of the series that match and have a sample in (start, end]."""
        ...

    def exemplars(self, matchers: Matchers, start: int, end: int) -> list[Exemplar]:
        """The exemplars of the series that match, ascending in time."""
        ...

    def metadata(self, name: str | None = None) -> list[Metadata]:
        """What is known of every metric, or of one."""
        ...


class Logs(Protocol):
    """The log lines of the store. Blocking, as `Metrics`."""

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT of DuckDB over `LINES`; `?` stand for parameters. It cannot write."""
        ...
