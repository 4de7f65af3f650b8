"""Tells the story: `python -m tests.support.story FOLDER` leaves `told.pickle` there, or `failed.txt`."""

import os
import pickle
import re
import signal
import sys
import traceback
from pathlib import Path

from tests.support.collector import BINARY
from tests.support.otlp import Receiver
from tests.support.story.after import Afterwards
from tests.support.story.people import Visitor
from tests.support.story.retelling import retell
from tests.support.story.script import SETTINGS, Story
from tests.support.story.telling import Told
from tests.support.up import shop_up


def main(folder: Path) -> None:
    """The story, from a shop's start to its end."""
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    with Receiver() as collector:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.endpoint
        os.environ["CONSOLE_ALARMS_EVERY"] = "24h"  # its mail about the story's dead letter would be one too many
        with shop_up(folder / "shop", *settings) as up:
            story = Story(Visitor(up.info), collector)
            story.set_up()
            story.tell()
            Afterwards(story, up, folder / "shop").tell()
            story.shop.close()
        story.told.retold = retell(collector, story.told.window, folder / "console")
        leave(folder, story.told, collector, story.sentinels.texts)


def leave(folder: Path, told: Told, collector: Receiver, sentinels: set[str]) -> None:
    """What was told, for the tests."""
    told.spans, told.points, told.lines = collector.spans, collector.points, collector.lines
    told.failures = [f"{type(each).__name__}: {each}" for each in collector.failures]
    collector.failures.clear()
    anything = re.compile(b"|".join(re.escape(text.encode()) for text in sorted(sentinels, key=len, reverse=True)))
    for (path, _), body in zip(collector.requests, collector.bodies, strict=True):
        told.searched[path] += len(body)
        told.leaks += [
            (match[0].decode(), body[max(0, match.start() - 200) : match.end() + 100].decode(errors="replace"))
            for match in anything.finditer(body)
        ]
    if BINARY is not None:
        sent = [(path, body) for (path, _), body in zip(collector.requests, collector.bodies, strict=True)]
        (folder / "sent.pickle").write_bytes(pickle.dumps(sent))
    written = folder / "told.part"
    written.write_bytes(pickle.dumps(told))
    written.rename(folder / "told.pickle")


if __name__ == "__main__":
    where = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the run has ended early: the shop must end too
    try:
        main(where)
    except BaseException:
        (where / "failed.part").write_text(traceback.format_exc())
        (where / "failed.part").rename(where / "failed.txt")
        raise
