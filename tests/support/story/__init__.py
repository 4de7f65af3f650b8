"""A scripted story in a shop of its own, whose every figure is known by construction; told once per run of the tests.

`told()` gives what was done and what the shop's telemetry said of it.
"""

import pickle
from functools import cache
from pathlib import Path

from tests.support.client import until
from tests.support.servers import ask
from tests.support.story.telling import Told

__all__ = ["Told", "told"]


@cache
def told() -> Told:
    """The story; the first who asks has it told, all others wait for it. An AssertionError when it came to no end."""
    folder = Path(ask("story")["folder"])

    def ended() -> bool:
        return (folder / "told.pickle").exists() or (folder / "failed.txt").exists()

    until(ended, seconds=900, every=0.2)
    if (folder / "failed.txt").exists():
        raise AssertionError((folder / "failed.txt").read_text())
    story = pickle.loads((folder / "told.pickle").read_bytes())
    assert isinstance(story, Told)
    return story
