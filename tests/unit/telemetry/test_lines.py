import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from shop.telemetry import context, lines, log, names, span, work


@pytest.fixture
def written(capfd):
    """The lines so far, parsed."""
    lines.use("orders", lambda _reason: None)
    yield lambda: [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    lines.start_over()


def test_a_line_is_flat_json_that_leads_to_its_trace(written):
    began = datetime.now(UTC).replace(microsecond=0)
    with context(session_id="s-1", synthetic="test"), span("request") as request:
        log("shop.test", {names.ORDER_ID: "o-1", "absent": None, "count": 3})
    (line,) = written()
    assert began <= datetime.fromisoformat(line.pop("timestamp")) <= datetime.now(UTC)
    assert line == {
        "level": "INFO",
        "event": "shop.test",
        "service.name": "orders",
        "trace_id": request.trace_id,
        "span_id": request.span_id,
        "session.id": "s-1",
        "user_agent.synthetic.type": "test",
        "shop.order.id": "o-1",
        "count": 3,
    }


def test_stamps_are_utc_with_milliseconds(written):
    log("shop.test")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written()[0]["timestamp"])


def test_work_is_one_wide_line_at_its_end(written):
    with span("request") as request, work(names.REQUEST) as line:
        log.add({names.ORDER_ID: "o-1"})
        with span("query"):
            log.add({names.USER_ID: "u-1"})
        line.add({names.HTTP_RESPONSE_STATUS_CODE: 200})
        time.sleep(0.01)
        assert written() == []
    (wide,) = written()
    assert (wide["event"], wide["level"], wide["span_id"]) == ("shop.request", "INFO", request.span_id)
    assert (wide["shop.order.id"], wide["user.id"], wide["http.response.status_code"]) == ("o-1", "u-1", 200)
    assert wide["duration_ms"] >= 10


def test_work_that_fails_says_so_without_a_librarys_words(written):
    with pytest.raises(KeyError), span("request"), work(names.REQUEST):
        raise KeyError("hanako@example.com")
    (wide,) = written()
    assert (wide["level"], wide["error.type"]) == ("ERROR", "KeyError")
    assert "hanako" not in json.dumps(wide)


def test_fields_outside_of_any_work_are_nothing(written):
    log.add({names.ORDER_ID: "o-1"})
    assert written() == []


def test_nested_work_gathers_apart(written):
    with work("outer"):
        with work("inner"):
            log.add({"of": "inner"})
        log.add({"of": "outer"})
    assert [(line["event"], line["of"]) for line in written()] == [("inner", "inner"), ("outer", "outer")]


def test_what_json_does_not_know_is_told_by_its_type(written):
    log("shop.test", {"thing": object(), "bytes": b"x"})  # type: ignore[dict-item] # that is the point
    assert written()[0]["thing"] == "object"


def test_a_text_that_is_no_unicode_costs_its_line_and_no_more():
    reasons: list[str] = []
    lines.use("orders", reasons.append)
    log("shop.test", {"path": "\udcff"})
    lines.start_over()
    assert reasons == ["UnicodeEncodeError"]


def run(code, **kwargs):
    """A process that prints lines; it must end by itself."""
    script = f"from shop.telemetry import lines, log\nreasons = []\nlines.use('orders', reasons.append)\n{code}"
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)


def test_a_reader_that_is_gone_stops_nothing():
    process = run("import sys; sys.stdin.read()\nfor _ in range(9): log('x')\nprint(set(reasons), file=sys.stderr)",
                  stdin=subprocess.PIPE)  # fmt: skip
    with process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b"{'BrokenPipeError'}\n"
        assert process.wait(10) == 0


@pytest.mark.parametrize("size", [100, 3000, 20_000])
def test_a_reader_that_sleeps_stops_nothing_and_gets_whole_lines_when_it_wakes(size):
    process = run(
        f"import sys\nfor _ in range(500): log('x', {{'field': '-' * {size}}})\n"
        "print(len(reasons), file=sys.stderr, flush=True)\nsys.stdin.read()\nlog('last')",
        stdin=subprocess.PIPE,
    )
    with process:
        dropped = int(process.stderr.readline())  # all are written or dropped while nobody has read a byte
        process.stdin.close()
        got = process.stdout.read().splitlines()
        assert process.wait(10) == 0
    whole = [line for line in got if line.endswith(b"}")]
    assert len(got) - len(whole) <= 1  # one may have been cut off when the pipe was full
    events = [json.loads(line)["event"] for line in whole]
    assert len(whole) - events.count("last") == 500 - dropped
    assert dropped > 0 or size == 100
