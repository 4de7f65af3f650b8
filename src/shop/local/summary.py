"""What `shop up` shows when everything is ready."""

import io
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shop.local.language import say

__all__ = ["summary"]


def summary(shop: dict[str, Any], data: Path) -> str:
    """The table of addresses, who can sign in, and a first order to copy."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows(shop, data):
        table.add_row(name, value)
    text = io.StringIO()
    Console(file=text, width=120).print(table)
    return f"\n{text.getvalue()}\n{first_order(shop, data)}\n"


def rows(shop: dict[str, Any], data: Path) -> list[tuple[str, str]]:
    """Name and value, line by line."""
    gateway = shop["gateway"]
    customer = shop["customers"][0]
    people = ((say("管理者", "admin"), shop["admin"]), (say("運用者", "operator"), shop["operator"]))
    return [
        (say("コンソール (はじめの15分)", "console (the first 15 minutes)"), shop["console"]),
        (say("ショップ (API)", "shop (API)"), gateway),
        (say("API ドキュメント", "API documentation"), f"{gateway}/docs"),
        (say("AWS (エミュレーター)", "AWS (emulator)"), shop["emulator"]),
        *((f"PostgreSQL {name}", dsn) for name, dsn in shop["postgres"].items()),
        (say("テレメトリーの送り先 (OTLP)", "telemetry goes to (OTLP)"), shop["otlp"]),
        (say("データ", "data"), str(data)),
        (say("お客様", "customer"), f"{customer['email']}  {customer['password']}"),
        *((role, f"{person['email']}  {person['password']}") for role, person in people),
        (say("終了", "to end"), "Ctrl-C"),
    ]


def first_order(shop: dict[str, Any], data: Path) -> str:
    """Lines for a shell, in the project's folder, that order something and show the mail."""
    folder = "" if data == Path(".shop").absolute() else f" --data {data}"
    customer = shop["customers"][0]
    first = say("はじめての注文 (コピーして実行できます)", "a first order, to copy")
    see = say("届いたメール", "the mail it sends")
    return FIRST_ORDER.format(
        first=first,
        see=see,
        url=shop["gateway"],
        email=customer["email"],
        password=customer["password"],
        folder=folder,
    )


FIRST_ORDER = """\
# {first}
S={url}; J='Content-Type: application/json'
read U T < <(curl -s $S/auth/login -H "$J" -d '{{"email":"{email}","password":"{password}"}}' \\
  | python3 -c 'import json,sys; a=json.load(sys.stdin); print(a["userId"], a["accessToken"])')
A=$(curl -s $S/users/$U/addresses -H "Authorization: Bearer $T" -H "$J" -d '{{"label":"自宅","recipient":"山田 花子",
  "postalCode":"150-0001","prefecture":"東京都","city":"渋谷区","line1":"神宮前1-2-3","country":"JP"}}' \\
  | python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])')
P=$(curl -s "$S/products?limit=1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["items"][0]["id"])')
curl -s $S/carts/$U/items -H "Authorization: Bearer $T" -H "$J" -d "{{\\"productId\\":\\"$P\\",\\"quantity\\":1}}"
curl -s $S/orders -H "Authorization: Bearer $T" -H "$J" -H "Idempotency-Key: $RANDOM$RANDOM" \\
  -d "{{\\"addressId\\":\\"$A\\",\\"payment\\":{{\\"method\\":\\"card\\",\\"token\\":\\"tok_visa\\"}}}}"
sleep 2; .venv/bin/shop mails --to {email} --last 1{folder}   # {see}
"""
