"""The live table: what is asked for, how often, how fast, with how many failures."""

import sys
import time
from types import TracebackType
from typing import Self

from locust.env import Environment
from rich.live import Live
from rich.table import Table as Grid

from shop.local.language import say

__all__ = ["Table"]

EVERY = 10.0  # seconds between two lines where there is no terminal


class Table:
    """Shown at a terminal, once or twice a second; elsewhere one line now and then."""

    def __init__(self, environment: Environment, seconds: float, *, shown: bool) -> None:
        self.environment, self.seconds = environment, seconds
        self.live = Live(auto_refresh=False, screen=False) if shown and sys.stdout.isatty() else None
        self.lines = shown and self.live is None
        self.told = time.monotonic()

    def __enter__(self) -> Self:
        if self.live:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.live.stop()

    def show(self, gone: float) -> None:
        """The state after so many seconds."""
        if self.live:
            self.live.update(self.grid(gone), refresh=True)
        elif self.lines and time.monotonic() - self.told >= EVERY:
            self.told = time.monotonic()
            sys.stderr.write(f"{self.words(gone)}\n")

    def words(self, gone: float) -> str:
        """The state in one line."""
        total = self.environment.stats.total
        rest = f" / {self.seconds:.0f}" if self.seconds else ""
        return say(
            f"{gone:.0f}{rest} 秒  リクエスト {total.num_requests:,}  失敗 {total.num_failures:,}  "
            f"{total.current_rps:.1f} 件/秒  p95 {total.get_response_time_percentile(0.95):.0f} ms",
            f"{gone:.0f}{rest} s  {total.num_requests:,} requests  {total.num_failures:,} failed  "
            f"{total.current_rps:.1f}/s  p95 {total.get_response_time_percentile(0.95):.0f} ms",
        )

    def grid(self, gone: float) -> Grid:
        """The state route by route."""
        grid = Grid(title=self.words(gone), box=None, pad_edge=False)
        for name in (say("ルート", "route"), say("件数", "requests"), say("失敗", "failed"), "/s", "p50 ms", "p95 ms"):
            grid.add_column(name, justify="left" if not grid.columns else "right")
        for _, entry in sorted(self.environment.stats.entries.items()):
            grid.add_row(
                f"{entry.method} {entry.name}",
                f"{entry.num_requests:,}",
                f"{entry.num_failures:,}",
                f"{entry.current_rps:.1f}",
                f"{entry.median_response_time or 0:.0f}",
                f"{entry.get_response_time_percentile(0.95):.0f}",
            )
        return grid
