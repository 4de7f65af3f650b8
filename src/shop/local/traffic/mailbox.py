"""The mailboxes of simulated people: what the console keeps of SES's mails."""

import json
import re
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import gevent

__all__ = ["Mailbox"]

CODE = re.compile(r"\b(\d{6})\b")
PIXEL = re.compile(r"https?://[^\"]+/notifications/[^\"]+/open\.gif")
TRIES = 20


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`console`: its base URL."""

    console: str

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What somebody has received, newest first."""
        address = f"{self.console}/api/mails?to={quote(to)}&limit=10"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own, on this machine
            found: list[dict[str, Any]] = json.load(answer)["items"]
        return found

    def code(self, to: str) -> str | None:
        """The newest code in somebody's mailbox; None when none comes within some seconds."""
        for _ in range(TRIES):
            for mail in self.mails(to):
                if code := CODE.search(mail["text"]):
                    return code[1]
            gevent.sleep(0.25)
        return None

    def pixel(self, to: str) -> str | None:
        """The address of the pixel in somebody's newest mail that has one."""
        for mail in self.mails(to):
            if pixel := PIXEL.search(mail["html"] or ""):
                return pixel[0]
        return None
