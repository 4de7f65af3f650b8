"""`shop mails`: the mailbox, which the console keeps."""

import itertools
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from shop.local.asking import every
from shop.local.language import say

__all__ = ["mails"]


def mails(data: Path, recipient: str | None, last: int, *, as_json: bool) -> None:
    """Print the newest mails, oldest of them first, to one recipient or to all. Refused when no shop runs."""
    found = list(itertools.islice(every(data, "/api/mails", to=recipient), last))[::-1]
    for mail in found:
        sys.stdout.write((json.dumps(mail, ensure_ascii=False) if as_json else shown(mail)) + "\n")
    if not found:
        sys.stderr.write(say("メールはまだありません", "no mails yet") + "\n")


def shown(mail: dict[str, Any]) -> str:
    """A mail for the eye."""
    sent = datetime.fromisoformat(mail["sentAt"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    head = (
        (say("日時", "Date"), sent),
        (say("差出人", "From"), mail["from"]),
        (say("宛先", "To"), ", ".join(mail["to"])),
        (say("件名", "Subject"), mail["subject"]),
    )
    lines = "\n".join(f"{name}: {value}" for name, value in head)
    return f"{lines}\n\n{mail['text'].rstrip()}\n{'-' * 72}"
