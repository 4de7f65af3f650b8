"""A receiver of OTLP/HTTP for tests: traces, metrics and logs, as JSON and protobuf, gzipped or not.

Everything is parsed by `opentelemetry-proto`, so that a request which only we would understand fails the test.
"""

import base64
import contextlib
import email.message
import gzip
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shop import telemetry
from shop.telemetry.samples import Sample
from shop.telemetry.spread import Spread

__all__ = ["Line", "Point", "Receiver", "Span", "sending"]

KINDS = ("unset", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")
PATIENCE = 60.0  # seconds after which a collector that hangs answers all the same, so that no test hangs with it
ID_FIELDS = ("traceId", "spanId", "parentSpanId")


@dataclass(frozen=True)
class Span:
    """A span as it was received. Times are ns since 1970; `links` are (trace id, span id)."""

    service: str
    scope: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    start: int
    end: int
    status: str
    message: str
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]
    links: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class Point:
    """A point of a metric. `kind` is sum, gauge, histogram or exponential_histogram; `value` is a histogram's sum.

    `histogram` has count, sum, min, max, scale, zeros, offset and buckets; `exemplars` are (value, trace id, span id).
    """

    service: str
    scope: str
    name: str
    unit: str
    kind: str
    temporality: str
    monotonic: bool
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]
    start: int
    end: int
    value: float
    histogram: Mapping[str, Any] = field(default_factory=dict)
    exemplars: tuple[tuple[float, str, str], ...] = ()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes it one point: its series, start and end. A repeated one is the same."""
        series = (tuple(sorted(self.attributes.items())), self.resource.get("service.instance.id"))
        return (self.service, self.name, *series, self.start, self.end)

    @property
    def sample(self) -> Sample:
        """It, as the evaluators read it."""
        source = str(self.resource.get("service.instance.id", ""))
        value = spread(self.histogram) if self.histogram else self.value
        return Sample(self.name, self.service, source, self.attributes, self.start, self.end, value)


@dataclass(frozen=True)
class Line:
    """A log record."""

    service: str
    time: int
    severity: str
    body: Any
    trace_id: str
    span_id: str
    attributes: Mapping[str, Any]


class Receiver:
    """`with Receiver() as collector:` listens on a free port of 127.0.0.1 and keeps what comes.

    `status` is what it answers with, `lose_answers` times not at all; after `hang()` it takes requests and answers none
    until `go_on`, and while it trickles, its answers come byte by byte and have no end. A test sets them for a
    collector that refuses, breaks down or is slow. `answered` counts the answers that were sent whole.
    """

    def __init__(self, port: int = 0) -> None:
        self.status = 200
        self.trickle = False
        self.answered = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self.lose_answers = 0
        self.spans: list[Span] = []
        self.points: list[Point] = []
        self.lines: list[Line] = []
        self.requests: list[tuple[str, int]] = []  # path, bytes
        self.bodies: list[bytes] = []  # unzipped, of every request, refused ones included
        self.headers: list[Mapping[str, str]] = []  # of every request
        self.sockets: list[socket.socket] = []  # of every connection so far
        self.failures: list[BaseException] = []  # what could not be parsed
        self.changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                receiver.sockets.append(self.connection)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = receiver.take(self.path, self.headers, body)
                if receiver.lose_answers > 0:
                    receiver.lose_answers -= 1
                    self.close_connection = True
                    return
                with contextlib.suppress(OSError):  # whoever waits no longer has gone
                    self.answer(f"HTTP/1.1 {status} -\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)

            def answer(self, data: bytes) -> None:
                while receiver.trickle:
                    self.wfile.write(b"H")
                    time.sleep(0.03)
                receiver.go_on.wait(PATIENCE)
                receiver.answered += 1
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """A test's output is its own."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    @property
    def endpoint(self) -> str:
        """For OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.trickle = False
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()
        if error is None and self.failures:
            raise self.failures[0]

    def take(self, path: str, headers: email.message.Message, body: bytes) -> tuple[int, bytes]:
        """One request: status and body of the answer."""
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        as_json = headers.get("Content-Type", "").startswith("application/json")
        with self.changed:
            self.requests.append((path, len(body)))
            self.headers.append(dict(headers.items()))
            self.bodies.append(body)
            self.changed.notify_all()
            if self.status >= 300:
                return self.status, b""
            try:
                self.keep(path, body, as_json=as_json)
            except Exception as error:  # noqa: BLE001 - raised in the test when the receiver ends
                self.failures.append(error)
                return 400, b""
        return 200, b"{}" if as_json else b""

    def keep(self, path: str, body: bytes, *, as_json: bool) -> None:
        """Parses and keeps a request."""
        match path:
            case "/v1/traces":
                self.spans.extend(spans(parse(ExportTraceServiceRequest(), body, as_json=as_json)))
            case "/v1/metrics":
                self.points.extend(points(parse(ExportMetricsServiceRequest(), body, as_json=as_json)))
            case "/v1/logs":
                self.lines.extend(lines(parse(ExportLogsServiceRequest(), body, as_json=as_json)))
            case _:
                raise ValueError(f"no such signal: {path}")

    def hang(self) -> None:
        """From now on it takes what comes and answers nothing."""
        self.go_on.clear()

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self.sockets)

    def hang_up(self) -> None:
        """Ends every connection from this side."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def wait(self, found: Callable[[], Any], timeout: float = 20.0) -> Any:
        """Waits until `found()` is true, and gives it; AssertionError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not (result := found()):
                if not self.changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"not received within {timeout} s")
        return result

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace, in order of their start."""
        return sorted((span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.start)

    def of(self, name: str, **attributes: Any) -> list[Point]:
        """The points of a metric whose attributes include these (dots written as __), each once."""
        wanted = {key.replace("__", "."): value for key, value in attributes.items()}
        once = {point.identity: point for point in self.points if point.name == name}
        return [point for point in once.values() if wanted.items() <= point.attributes.items()]

    def total(self, name: str, **attributes: Any) -> float:
        """The sum of a delta counter, or of the counts of a delta histogram."""
        found = self.of(name, **attributes)
        return sum(point.histogram["count"] if point.histogram else point.value for point in found)

    def samples(self) -> list[Sample]:
        """All points, as the evaluators of observability points and objectives read them."""
        return [point.sample for point in self.points]

    def series(self) -> set[tuple[str, str, frozenset[tuple[str, Any]]]]:
        """Every series: service, metric, attributes."""
        return {(point.service, point.name, frozenset(point.attributes.items())) for point in self.points}


def spread(histogram: Mapping[str, Any]) -> Spread:
    """An exponential histogram, as the evaluators read it."""
    buckets = {histogram["offset"] + at: count for at, count in enumerate(histogram["buckets"]) if count}
    return Spread(
        histogram["count"],
        histogram["sum"],
        histogram["zeros"],
        histogram["scale"],
        buckets,
        histogram["min"],
        histogram["max"],
    )


def parse(message: Message, body: bytes, *, as_json: bool) -> Any:
    """The request, read by the protocol's own classes; what they don't know is an error."""
    if as_json:
        return json_format.ParseDict(with_base64_ids(json.loads(body)), message)
    message.ParseFromString(body)
    return message


def with_base64_ids(value: Any) -> Any:
    """OTLP's JSON has ids in hex where protobuf's JSON has base64: the one difference between them."""
    if isinstance(value, list):
        return [with_base64_ids(each) for each in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(each)).decode() if key in ID_FIELDS else with_base64_ids(each)
            for key, each in value.items()
        }
    return value


def plain(value: Any) -> Any:
    """An AnyValue as Python has it."""
    match value.WhichOneof("value"):
        case "array_value":
            return tuple(plain(each) for each in value.array_value.values)
        case "kvlist_value":
            return {each.key: plain(each.value) for each in value.kvlist_value.values}
        case None:
            return None
        case kind:
            return getattr(value, kind)


def attributes(given: Any) -> dict[str, Any]:
    """Attributes as a dict; two of one name are an error."""
    found = {each.key: plain(each.value) for each in given}
    if len(found) != len(given):
        raise ValueError(f"an attribute twice: {[each.key for each in given]}")
    return found


def spans(request: Any) -> Iterator[Span]:
    """All spans of a request."""
    for resource_spans in request.resource_spans:
        resource = attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield Span(
                    service=resource["service.name"],
                    scope=scope_spans.scope.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    name=span.name,
                    kind=KINDS[span.kind],
                    start=span.start_time_unix_nano,
                    end=span.end_time_unix_nano,
                    status=STATUSES[span.status.code],
                    message=span.status.message,
                    attributes=attributes(span.attributes),
                    resource=resource,
                    links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                    events=tuple((event.name, attributes(event.attributes)) for event in span.events),
                )


def points(request: Any) -> Iterator[Point]:
    """All points of a request."""
    for resource_metrics in request.resource_metrics:
        resource = attributes(resource_metrics.resource.attributes)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind)
                for point in data.data_points:
                    yield Point(
                        service=resource["service.name"],
                        scope=scope_metrics.scope.name,
                        name=metric.name,
                        unit=metric.unit,
                        kind=kind,
                        temporality=("", "delta", "cumulative")[getattr(data, "aggregation_temporality", 0)],
                        monotonic=getattr(data, "is_monotonic", False),
                        attributes=attributes(point.attributes),
                        resource=resource,
                        start=point.start_time_unix_nano,
                        end=point.time_unix_nano,
                        **values(kind, point),
                    )


def values(kind: str, point: Any) -> dict[str, Any]:
    """What a point says."""
    if kind in ("sum", "gauge"):
        return {"value": getattr(point, point.WhichOneof("value"))}
    histogram = {"count": point.count, "sum": point.sum, "min": point.min, "max": point.max}
    if kind == "exponential_histogram":
        histogram |= {"scale": point.scale, "zeros": point.zero_count, "offset": point.positive.offset}
        histogram["buckets"] = tuple(point.positive.bucket_counts)
    exemplars = tuple((each.as_double, each.trace_id.hex(), each.span_id.hex()) for each in point.exemplars)
    return {"value": point.sum, "histogram": histogram, "exemplars": exemplars}


def lines(request: Any) -> Iterator[Line]:
    """All log records of a request."""
    for resource_logs in request.resource_logs:
        resource = attributes(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield Line(
                    service=resource.get("service.name", ""),
                    time=record.time_unix_nano,
                    severity=record.severity_text,
                    body=plain(record.body),
                    trace_id=record.trace_id.hex(),
                    span_id=record.span_id.hex(),
                    attributes=attributes(record.attributes),
                )


@contextlib.contextmanager
def sending(service: str, collector: Receiver | str, **environment: str) -> Iterator[None]:
    """This process sends as `service` to a receiver (or endpoint), with these variables set, inside of the block."""
    before = dict(os.environ)
    endpoint = collector if isinstance(collector, str) else collector.endpoint
    os.environ.update({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **environment})
    try:
        telemetry.setup(service)
        yield
    finally:
        telemetry.shutdown()
        os.environ.clear()
        os.environ.update(before)
