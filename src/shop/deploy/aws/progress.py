"""What a person at a terminal sees while AWS works: a line for each stack that moves, or plain lines into a file."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from shop.local.language import say

__all__ = ["Line", "Screen"]


class Line:
    """One thing that goes on: `at` says how far, `done` how it ended."""

    def __init__(self, screen: "Screen", name: str, progress: Progress | None, task: TaskID | None) -> None:
        self._screen, self._name, self._progress, self._task = screen, name, progress, task

    def at(self, done: int, total: int, what: str) -> None:
        """So much of so much is done; `what` is being worked on."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=max(total, 1), what=what)

    def done(self, how: str) -> None:
        """It ended like this."""
        self._screen.say(f"{self._name:<22} {how}")


class Screen:
    """Where a command tells how it goes: stderr, so that stdout is the result's alone."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, markup=False)

    @contextmanager
    def line(self, name: str) -> Iterator[Line]:
        """Something that takes a while."""
        if not self.console.is_terminal:
            yield Line(self, name, None, None)
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[what]}", markup=False),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield Line(self, name, progress, progress.add_task(name, total=None, what=say("準備中", "starting")))
