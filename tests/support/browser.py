"""Chromium as Debian has it, driven by Playwright; what a page says to its console is kept."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["CHROMIUM", "chromium", "visit"]

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # ms


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *as_root])
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, address: str, **context: Any) -> tuple[Page, list[str]]:
    """A page in a window of its own, and what went wrong while it came."""
    window = browser.new_context(**context)
    window.set_default_timeout(PATIENCE)
    page, wrong = window.new_page(), []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.goto(address, wait_until="load")
    return page, wrong
