"""`shop mails`: the mailbox of SES, which the emulator keeps until it ends."""

import json
import sys
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

from shop.local.language import say
from shop.local.running import known

__all__ = ["mails"]

COGNITO = "CognitoVerificationMessage"  # the emulator's own, which no shop sends


def mails(data: Path, recipient: str | None, last: int, *, as_json: bool) -> None:
    """Print the newest mails, oldest of them first, to one recipient or to all. Refused when no shop runs."""
    shop = known(data)["shop"]
    found = [mail for mail in mailbox(shop) if recipient is None or recipient.lower() in addresses(mail)]
    for mail in found[-last:]:
        sys.stdout.write((json.dumps(mail, ensure_ascii=False) if as_json else shown(mail)) + "\n")
    if not found:
        sys.stderr.write(say("メールはまだありません", "no mails yet") + "\n")


def mailbox(shop: dict[str, Any]) -> list[dict[str, Any]]:
    """All mails that the shop has sent, oldest first."""
    address = f"{shop['emulator']}/_ministack/ses/messages?account={shop['aws']['accessKeyId']}"
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own, on this machine
        accounts = json.load(answer)["messages"]
    return [mail for box in accounts.values() for mail in box if mail["Type"] != COGNITO]


def addresses(mail: dict[str, Any]) -> list[str]:
    """To whom it went."""
    return [address.lower() for address in mail["To"]]


def shown(mail: dict[str, Any]) -> str:
    """A mail for the eye."""
    sent = datetime.fromtimestamp(mail["Timestamp"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    head = (
        (say("日時", "Date"), sent),
        (say("差出人", "From"), mail["Source"]),
        (say("宛先", "To"), ", ".join(mail["To"])),
        (say("件名", "Subject"), mail["Subject"]),
    )
    lines = "\n".join(f"{name}: {value}" for name, value in head)
    return f"{lines}\n\n{mail['BodyText'].rstrip()}\n{'-' * 72}"
