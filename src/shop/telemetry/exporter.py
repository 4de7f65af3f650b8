"""The way out: what was recorded goes to the collector, from one background thread or by `flush`.

A batch that was not acknowledged is sent again unchanged, so that a receiver can tell a repeated point (same series,
start and end) from a new one. While the collector is away only that batch is held: spans wait in a bounded queue, and
metrics just go on adding up.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from shop.telemetry import encoding
from shop.telemetry.attributes import error_type
from shop.telemetry.meter import Meter
from shop.telemetry.post import Collector
from shop.telemetry.tracing import SCOPE, Span

__all__ = ["Dropped", "Exporter"]

Dropped = Callable[[str, str, int], None]  # signal, reason, how many

MAX_SPANS = 8192  # of one scope that wait; some 8 MB
MAX_HELD = 512  # that have ended inside of one that has not: more do not wait for it
SPANS_PER_POST = 512
TIMEOUT = 10.0  # seconds for one round in the background; OpenTelemetry's default
SOON = 0.02  # seconds between two rounds, when somebody is in a hurry
FIRST_PAUSE = 0.5  # seconds after a failure, doubled by each further one
LONGEST_PAUSE = 4.0  # a collector that is back is found soon: a refused connection costs 50 us
TRY_AGAIN = (429, 502, 503, 504)  # the statuses after which OTLP says so


class Batch(NamedTuple):
    """One request that was not acknowledged yet."""

    signal: str
    body: bytes
    items: int


class Exporter:
    """Sends what `meters` collect and the spans it is given."""

    def __init__(
        self,
        collector: Collector,
        resource: bytes,
        meters: Mapping[str, Meter],
        dropped: Dropped,
        *,
        cumulative: bool = False,
    ) -> None:
        self.collector = collector
        self.resource = resource  # encoded
        self.meters = meters
        self.dropped = dropped
        self.cumulative = cumulative
        self.spans: dict[str, deque[bytes]] = {SCOPE: deque()}
        self.pending: Batch | None = None
        self.failures = 0
        self.not_before = 0.0
        self.began = 0.0  # when whoever sends began with what goes on
        self.every = 0.0  # seconds between two collections of metrics; spans may leave in between
        self.collected = 0.0  # when that was last
        self.lock = threading.Lock()  # held by whoever sends
        self.stopping = threading.Event()
        self.hurried = threading.Event()
        self.catching_up = threading.Event()
        self.behind = False  # a flush has left something
        self.thread: threading.Thread | None = None

    def start(self, every: float) -> None:
        """From now on, a thread sends every so many seconds."""
        self.every = every
        self.thread = threading.Thread(target=self.run, name="telemetry", daemon=True)
        self.thread.start()

    def run(self) -> None:
        """What the thread does."""
        self.collected = time.monotonic()
        while not self.stopping.is_set():
            if self.hurried.wait(max(0.0, self.collected + self.every - time.monotonic())):
                self.stopping.wait(max(0.0, self.began + SOON - time.monotonic()))
                self.hurried.clear()
            if not self.stopping.is_set():
                self.export(TIMEOUT, metrics=time.monotonic() >= self.collected + self.every)
        with self.lock:
            self.collector.close()

    def hurry(self) -> None:
        """Lets the thread send now, or as soon as that is not too often."""
        self.hurried.set()

    def flush(self, timeout: float, *, metrics: bool = True) -> None:
        """Sends what there is. What the time was too short for follows from a thread of its own, as far as a function
        that is frozen after its answer lets it: else it would wait for a next call, which may never come.
        """
        silent = self.lock.locked() and time.monotonic() > self.began + timeout  # waiting for it once is enough
        if silent or not self.export(timeout, metrics=metrics):
            self.behind = True
        self.follow()

    def follow(self) -> None:
        """Begins to catch up, if that is needed and nobody is at it."""
        if self.thread is None and self.behind and not self.catching_up.is_set():
            self.catching_up.set()
            threading.Thread(target=self.catch_up, name="telemetry", daemon=True).start()

    def catch_up(self) -> None:
        """Tries until everything is sent, what others could not send meanwhile too, or sending ends."""
        while self.behind and not self.stopping.wait(FIRST_PAUSE):
            self.behind = False
            if not self.export(TIMEOUT):
                self.behind = True
        self.catching_up.clear()
        if not self.stopping.is_set():
            self.follow()  # a flush may have fallen behind just now, and seen that somebody was at it

    def stop(self, timeout: float) -> None:
        """Sends once more and ends the thread, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self.stopping.set()
        self.hurried.set()
        self.not_before = 0.0
        self.export(timeout)
        if self.thread is not None:
            self.thread.join(max(0.0, deadline - time.monotonic()))
            if self.thread.is_alive():  # it hangs in an exchange, and ends later, or with the process
                return
        self.collector.close()  # the thread has done so too, but this one may have connected once more since

    def take(self, scope: str, span: Span, end: int) -> None:
        """Encodes a span that has ended, and queues it with those inside of it.

        A span inside of another one of this process waits for that, the outermost: a process that is killed in the
        middle of it leaves no spans behind whose parent nobody will ever see.
        """
        try:
            encoded = encoding.span(span, end)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks what it tells of
            self.dropped("traces", error_type(error), 1)
            encoded = b""
        root = span.root or span
        if encoded:
            root.held.append((scope, encoded))
        if root.ended or len(root.held) > MAX_HELD:
            while root.held:
                self.queue(*root.held.pop(0))

    def queue(self, scope: str, encoded: bytes) -> None:
        """Puts a span among those that wait to be sent, if there is room."""
        waiting = self.spans.get(scope)
        if waiting is None:
            waiting = self.spans.setdefault(scope, deque())
        if len(waiting) >= MAX_SPANS:
            self.dropped("traces", "queue_full", 1)
        else:
            waiting.append(encoded)

    def export(self, timeout: float, *, metrics: bool = True) -> bool:
        """Sends everything there is, unless `timeout` seconds end before, or the collector failed a moment ago; whether
        it did. A round that only hurries for its spans leaves the metrics to their time.
        """
        deadline = time.monotonic() + timeout
        if not self.lock.acquire(timeout=timeout):
            return False
        self.began = time.monotonic()
        try:
            return time.monotonic() >= self.not_before and self.send_all(deadline, metrics=metrics)
        finally:
            self.lock.release()

    def send_all(self, deadline: float, *, metrics: bool) -> bool:
        """Sends batch after batch; the one that fails stays pending. Whether none did."""
        for batch in self.batches(metrics=metrics):
            self.pending = batch
            self.began = time.monotonic()
            try:
                status = self.collector.post(f"/v1/{batch.signal}", batch.body, deadline)
            except OSError:
                self.back_off()
                return False
            if status in TRY_AGAIN:
                self.back_off()
                return False
            self.pending = None
            self.failures = 0
            if status >= 300:
                self.dropped(batch.signal, f"http_{status}", batch.items)
        return True

    def back_off(self) -> None:
        """Leaves the collector alone for a while, longer after each failure."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self.failures)
        self.failures = min(self.failures + 1, 8)
        self.not_before = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    def batches(self, *, metrics: bool) -> Iterator[Batch]:
        """What is to be sent now. Each is made only when the one before it has been acknowledged."""
        if self.pending is not None:
            yield self.pending
        if metrics and (points := self.metrics()) is not None:
            yield points
        for scope, queue in tuple(self.spans.items()):
            while queue:
                spans = [queue.popleft() for _ in range(min(len(queue), SPANS_PER_POST))]
                yield Batch("traces", encoding.traces_request(self.resource, scope, spans), len(spans))

    def metrics(self) -> Batch | None:
        """The points since the last time, if there are any."""
        self.collected = time.monotonic()
        collected = [(meter.scope, meter.collect(cumulative=self.cumulative)) for meter in tuple(self.meters.values())]
        items = sum(len(each.points) for _, metrics in collected for each in metrics)
        if not items:
            return None
        try:
            return Batch("metrics", encoding.metrics_request(self.resource, collected), items)
        except Exception as error:  # noqa: BLE001 - a text that is no Unicode must not hold up the spans
            self.dropped("metrics", error_type(error), items)
            return None
