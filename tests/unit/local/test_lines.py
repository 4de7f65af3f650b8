import json
import os

from shop.local.lines import LONGEST, WAITING, Screen, Splitter


def shown(*lines: str) -> str:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        screen = Screen(stream)
        for line in lines:
            screen.show("orders", line)
        screen.close()
    with os.fdopen(reading) as output:
        return output.read().rstrip("\n")


def test_a_wide_event_is_shown_with_its_first_fields_and_its_trace():
    event = {
        "timestamp": "2026-11-24T12:00:00.000Z",
        "level": "INFO",
        "event": "shop.request",
        "service.name": "orders",
    }
    fields = {"http.route": "/orders/{orderId}", "duration_ms": 3.14159, "trace_id": "4bf9", "nothing": None}
    line = shown(json.dumps(event | fields))
    assert line.split(" ", 1)[1].split() == [
        "orders", "INFO", "shop.request", "http.route=/orders/{orderId}", "duration_ms=3.142", "trace_id=4bf9",
    ]  # fmt: skip


def test_what_is_no_event_is_shown_as_it_is():
    for text in ("Traceback (most recent call last):", "{broken", '["list"]', '{"event": '):
        assert shown(text).endswith(text)


def test_a_reader_that_is_gone_or_does_not_read_does_not_stop_the_shop():
    for hang_up in (True, False):
        reading, writing = os.pipe()
        if hang_up:
            os.close(reading)
        with os.fdopen(writing, "w") as stream:
            screen = Screen(stream)
            for number in range(WAITING + 5_000):
                screen.say(f"{number} {'x' * 100}")
            if not hang_up:
                os.close(reading)
            screen.close()


def test_a_splitter_joins_what_arrives_in_pieces_and_cuts_what_never_ends():
    heard: list[str] = []
    splitter = Splitter(heard.append)
    for piece in (b"one\ntw", b"o\n", b"\xe6\xb3", b"\xa8\n", b"x" * (LONGEST + 1)):
        splitter.data_received(piece)
    splitter.data_received(b"rest")
    splitter.connection_lost(None)
    assert heard[:3] == ["one", "two", "注"]
    assert [len(line) for line in heard[3:]] == [LONGEST + 1, 4]
