"""Functions to try the host with."""

import os
import pathlib
import sys
import time


def echo(event, context):
    return {"event": event, "id": context.aws_request_id, "left": context.get_remaining_time_in_millis()}


def environment(_event, _context):
    return dict(os.environ)


def fail(event, _context):
    raise ValueError(f"no {event['what']}")


def sleep(event, _context):
    time.sleep(event["seconds"])
    return os.getpid()


def wait(event, _context):
    file = pathlib.Path(event["for"])
    while not file.exists():
        time.sleep(0.01)
    file.with_suffix(".seen").touch()


def die(event, _context):
    os._exit(event["status"])


def chat(event, _context):
    print("plain text")
    print('{"event":"shop.test"}')
    for _ in range(event.get("lines", 0)):
        sys.stdout.write("x" * 100 + "\n")
    return event.get("lines", 0)


def large(event, _context):
    return "x" * event["size"]
