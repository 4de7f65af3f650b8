"""A collector that is gone, slow or refusing: no error, no visible time, bounded memory, an end within 2 s."""

import contextlib
import socket
import subprocess
import sys
import threading
from functools import partial

import pytest
from tests.support.client import until
from tests.support.otlp import Receiver, sending

from shop import telemetry
from shop.telemetry import count, names, span
from shop.telemetry.exporter import MAX_HELD, MAX_SPANS
from shop.telemetry.process import process

PLACED = {names.ORDER_STATUS: "PLACED"}


@pytest.fixture
def gone():
    """A port that nobody listens on."""
    with Receiver() as other:
        return other.server.server_address[1]


def record(times):
    for _ in range(times):
        with span("one"):
            count(names.ORDERS_TRANSITIONS, PLACED)


def more_than(some, count):
    return len(some) > count


def test_a_collector_that_comes_late_gets_everything(gone):
    with sending("orders", f"http://127.0.0.1:{gone}", EXPORT_EVERY="10ms"):
        record(100)
        assert process.exporter is not None
        until(lambda: process.exporter and process.exporter.failures)  # it has tried, and nobody was there
        record(100)
        with Receiver(gone) as collector:
            collector.wait(lambda: collector.total(names.ORDERS_TRANSITIONS) == 200 and len(collector.spans) == 200)


def test_what_was_not_acknowledged_comes_again_unchanged():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="20ms"):
        collector.status = 503
        record(5)
        collector.wait(lambda: len(collector.bodies) >= 2)
        refused = collector.bodies[0]
        record(5)
        collector.status = 200
        collector.wait(lambda: collector.total(names.ORDERS_TRANSITIONS) == 10 and len(collector.spans) == 10)
    assert collector.bodies.count(refused) >= 2


def test_an_answer_that_got_lost_makes_no_second_point():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="20ms"):
        collector.lose_answers = 2
        record(5)
        collector.wait(lambda: len(collector.spans) == 5)
        collector.wait(lambda: collector.lose_answers == 0)
        assert collector.total(names.ORDERS_TRANSITIONS) == 5  # of points that came twice, each counts once


def test_what_is_refused_for_good_is_dropped_and_counted():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="20ms"):
        collector.wait(lambda: collector.points)
        collector.status = 400
        span("refused").end()
        collector.wait(lambda: [path for path, _ in collector.requests if path == "/v1/traces"])
        collector.status = 200
        span("taken").end()
        collector.wait(lambda: collector.of(names.TELEMETRY_DROPPED) and collector.spans)
        (point,) = collector.of(names.TELEMETRY_DROPPED, shop__telemetry__signal="traces")
        assert (point.value, point.attributes["error.type"]) == (1, "http_400")
        assert [each.name for each in collector.spans] == ["taken"]


def test_memory_is_bounded_while_the_collector_is_away(gone):
    with sending("orders", f"http://127.0.0.1:{gone}", EXPORT_EVERY="10s"):
        record(MAX_SPANS + 1000)
        assert process.exporter is not None
        assert sum(len(queue) for queue in process.exporter.spans.values()) == MAX_SPANS
        with Receiver(gone) as collector:
            telemetry.flush(5)
            telemetry.flush(5)
            assert len(collector.spans) == MAX_SPANS
            assert collector.total(names.ORDERS_TRANSITIONS) == MAX_SPANS + 1000
            assert collector.total(names.TELEMETRY_DROPPED, error__type="queue_full") == 1000


def test_a_request_and_the_end_never_wait_for_a_collector_that_hangs():
    with Receiver() as collector:
        collector.hang()
        with sending("orders", collector, EXPORT_EVERY="5ms"):
            collector.wait(lambda: collector.requests)
            record(1000)
        assert collector.answered == 0  # all was recorded, and sending ended, while it still had not answered


def test_a_request_never_waits_for_a_collector_that_is_gone(gone):
    with sending("orders", f"http://127.0.0.1:{gone}", EXPORT_EVERY="5ms"):
        assert process.exporter is not None
        record(1000)
        until(lambda: process.exporter and process.exporter.failures)
        record(1000)
        assert sum(len(queue) for queue in process.exporter.spans.values()) + pending(process.exporter) == 2000


def pending(exporter):
    return exporter.pending.items if exporter.pending and exporter.pending.signal == "traces" else 0


def test_a_flush_returns_while_the_collector_has_not_answered():
    with Receiver() as collector, sending("users", collector, AWS_LAMBDA_FUNCTION_NAME="users-http"):
        collector.hang()
        for _ in range(3):
            record(10)
            telemetry.flush()
        assert collector.requests
        assert collector.answered == 0


def test_what_a_flush_had_no_time_for_follows_without_another_call():
    with Receiver() as collector, sending("users", collector, AWS_LAMBDA_FUNCTION_NAME="users-http"):
        collector.hang()
        record(10)
        telemetry.flush()
        assert collector.answered == 0
        collector.go_on.set()
        collector.wait(lambda: len(collector.spans) == 10 and collector.total(names.ORDERS_TRANSITIONS) == 10)


def test_what_is_told_while_that_follows_does_not_wait_for_another_call_either():
    with Receiver() as collector, sending("users", collector, AWS_LAMBDA_FUNCTION_NAME="users-http"):
        collector.hang()
        for times in range(1, 4):
            record(10)
            telemetry.flush()
            until(partial(more_than, collector.requests, min(times, 2) - 1))
        collector.go_on.set()
        collector.wait(lambda: len(collector.spans) == 30 and collector.total(names.ORDERS_TRANSITIONS) == 30)


def test_a_collector_that_trickles_cannot_stretch_a_flush():
    with Receiver() as collector, sending("users", collector, AWS_LAMBDA_FUNCTION_NAME="users-http"):
        collector.trickle = True
        record(10)
        telemetry.flush()
        assert collector.answered == 0


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 two\r\n\r\n", b"x" * 200_000, b""])
def test_something_else_that_listens_there_is_a_collector_that_is_gone(words):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            for _ in range(2):
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(words)

        threading.Thread(target=answer, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        with sending("users", endpoint, AWS_LAMBDA_FUNCTION_NAME="users-http"):
            record(1)
            telemetry.flush(5)
            assert process.exporter is not None
            assert process.exporter.failures == 1


def test_a_span_waits_for_the_outermost_one_of_its_process_so_that_a_kill_leaves_no_orphans():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="10s"):
        with span("before"):
            pass
        with span("outer"):
            with span("inner"), span("innermost"):
                pass
            with span("of a message", parent=f"00-{'a' * 32}-{'b' * 16}-01"):
                pass
            telemetry.flush(5)
            assert {each.name for each in collector.spans} == {"before", "of a message"}  # roots in this process
        telemetry.flush(5)
        collector.wait(lambda: len(collector.spans) == 5)
        *_, inner, outer = collector.spans
        assert (inner.parent_id, outer.name) == (outer.span_id, "outer")


def test_what_waits_for_a_span_is_bounded_and_what_ends_after_it_is_sent():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="10s"):
        with span("outer"):
            late = span("late")
            for _ in range(3 * MAX_HELD):
                with span("inner"):
                    pass
            telemetry.flush(5)
            assert len(collector.spans) > MAX_HELD
        late.end()
        telemetry.flush(5)
        collector.wait(lambda: len(collector.spans) == 3 * MAX_HELD + 2)


def test_who_is_in_a_hurry_does_not_wait_and_is_sent_long_before_its_time():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="1h"):
        for _ in range(3):
            before = len(collector.requests)
            record(1)
            telemetry.hurry()
            until(partial(more_than, collector.requests, before))
        collector.wait(lambda: len(collector.spans) == 3)


def test_metrics_do_not_hurry_they_come_at_their_time_and_at_the_end():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="1h"):
        record(3)
        telemetry.hurry()
        collector.wait(lambda: len(collector.spans) == 3)
        assert collector.total(names.ORDERS_TRANSITIONS) == 0
    collector.wait(lambda: collector.total(names.ORDERS_TRANSITIONS) == 3)


def test_metrics_come_at_their_time_also_while_somebody_is_in_a_hurry():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="200ms"):
        record(1)

        def counted():
            telemetry.hurry()
            return collector.total(names.ORDERS_TRANSITIONS) == 1

        until(counted)


def test_hurry_is_no_reason_to_send_all_the_time():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="1h"):
        for _ in range(5000):
            record(1)
            telemetry.hurry()
        telemetry.flush(5)
        collector.wait(lambda: len(collector.spans) == 5000)
    assert len(collector.requests) < 500


def test_whoever_flushes_waits_for_a_silent_collector_once_and_not_each_time():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="10ms"):
        collector.hang()
        record(1)
        assert process.exporter is not None
        until(lambda: process.exporter and process.exporter.lock.locked())
        for _ in range(1000):
            telemetry.flush(0.05)
        assert process.exporter.failures == 0  # the sender, which waits ten seconds, waits still
        collector.go_on.set()


def test_a_function_has_no_thread_and_sends_when_it_flushes():
    with Receiver() as collector, sending("users", collector, AWS_LAMBDA_FUNCTION_NAME="users-http"):
        assert process.exporter is not None
        assert process.exporter.thread is None
        record(1)
        assert collector.requests == []
        telemetry.flush(2)
        assert [each.resource["faas.name"] for each in collector.spans] == ["users-http"]


def test_a_connection_that_died_in_the_freezer_is_made_anew():
    with Receiver() as collector, sending("users", collector, AWS_LAMBDA_FUNCTION_NAME="users-http"):
        record(1)
        telemetry.flush(2)
        collector.hang_up()
        record(1)
        telemetry.flush(2)
        assert len(collector.spans) == 2
        assert collector.connections == 2


ENDS = """
import sys
from shop import telemetry
from shop.telemetry import names
telemetry.setup("orders")
with telemetry.span("one"):
    telemetry.count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"})
sys.stdin.readline()
"""


@pytest.mark.parametrize("collector_is", ["gone", "well", "hanging"])
def test_a_process_ends_without_waiting_for_the_collector_and_says_nothing(gone, collector_is):
    with Receiver() as collector:
        if collector_is == "hanging":
            collector.hang()
        endpoint = f"http://127.0.0.1:{gone}" if collector_is == "gone" else collector.endpoint
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "EXPORT_EVERY": "20ms"}
        pipe = subprocess.PIPE
        with subprocess.Popen([sys.executable, "-c", ENDS], env=environment, stdin=pipe, stderr=pipe) as ending:
            if collector_is != "gone":
                collector.wait(lambda: collector.requests)
            _, errors = ending.communicate(b"\n", timeout=30)
            assert (ending.returncode, errors) == (0, b"")
        assert (collector.answered > 0) == bool(collector.spans) == (collector_is == "well")


FORKS = """
import os, sys
from shop import telemetry
from shop.telemetry import names
telemetry.setup("orders", instance="parent")
telemetry.count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"})
with telemetry.span("parent") as parent:
    child = os.fork()
    if child == 0:
        assert telemetry.traceparent() is None
        telemetry.count(names.ORDERS_CARTS, {names.CART_OUTCOME: "emptied"}, 100)  # before its setup: goes nowhere
        telemetry.setup("users", instance="child")
        with telemetry.span("child") as span:
            assert span.trace_id != parent.trace_id
            telemetry.count(names.USERS_PROFILE_UPDATES, None, 3)
        telemetry.shutdown()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
telemetry.count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"})
"""


def test_a_forked_child_starts_clean_and_nothing_is_sent_twice():
    with Receiver() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        subprocess.run([sys.executable, "-c", FORKS], env=environment, timeout=20, check=True)
    assert sorted(each.name for each in collector.spans) == ["child", "parent"]
    assert collector.total(names.ORDERS_CARTS, shop__cart__outcome="created") == 2
    assert collector.total(names.ORDERS_CARTS, shop__cart__outcome="emptied") == 0
    assert collector.total(names.USERS_PROFILE_UPDATES) == 3
    instances = {point.resource["service.instance.id"]: point.service for point in collector.points}
    assert instances == {"parent": "orders", "child": "users"}


COUNTS = """
import sys
from shop import telemetry
from shop.telemetry import names
telemetry.setup("orders")
for line in sys.stdin:
    telemetry.count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"}, int(line))
"""


def test_a_killed_process_loses_nothing_but_what_it_had_no_time_to_send():
    """It sends by itself every second; what came after the last time is lost, what came before is there once."""

    def counted(whole):
        return collector.total(names.ORDERS_CARTS, shop__cart__outcome="created") == whole

    with Receiver() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        counting = subprocess.Popen([sys.executable, "-c", COUNTS], env=environment, stdin=subprocess.PIPE)
        with counting:
            assert counting.stdin
            for part, whole in ((100, 100), (20, 120)):
                counting.stdin.write(b"%d\n" % part)
                counting.stdin.flush()
                collector.wait(partial(counted, whole))
            counting.kill()
        assert counted(120)
