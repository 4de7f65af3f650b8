"""Progress on stderr: a bar that moves at a terminal, a line for every tenth elsewhere."""

import sys
import time

from shop.local.language import say

__all__ = ["Bar"]

WIDTH = 30


class Bar:
    """Tells how far `total` things (`ja` and `en` name them) are done, and how long the rest will take."""

    def __init__(self, total: int, ja: str = "商品", en: str = "products") -> None:
        self.total, self.done, self.told = total, 0, 0
        self.ja, self.en = ja, en
        self.began, self.moving = time.monotonic(), sys.stderr.isatty()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        if self.moving:
            full = self.done * WIDTH // self.total
            end = "\n" if self.done >= self.total else ""
            sys.stderr.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {self.words()}   {end}")
            sys.stderr.flush()
        elif (tenth := self.done * 10 // self.total) > self.told:
            self.told = tenth
            sys.stderr.write(self.words() + "\n")

    def words(self) -> str:
        """Numbers, and the seconds left at the pace so far."""
        pace = self.done / max(0.001, time.monotonic() - self.began)
        left = round((self.total - self.done) / max(1.0, pace))
        return say(
            f"{self.done:,} / {self.total:,} {self.ja}、残り {left} 秒",
            f"{self.done:,} / {self.total:,} {self.en}, {left} s left",
        )
