"""The bill as people read it."""

import json
from pathlib import Path

from shop.deploy.aws.cost.bill import Bill, bill
from shop.deploy.aws.cost.prices import DAYS, Prices
from shop.local.language import say

__all__ = ["markdown", "reckoned", "shown"]


def reckoned(assembly: Path) -> Bill:
    """The bill of an assembly by the project's own table."""
    return bill(assembly, Prices.read())


def shown(bill: Bill, orders: int, students: int, *, as_json: bool) -> str:
    """For the eye, or as one line of JSON: a deployment with so many orders a day, and a class of so many."""
    day = bill.day() + bill.thousand * orders / 1000
    whole = bill.day(once=True) + students * day
    if as_json:
        lines = [
            {"what": x.what, "amount": x.amount, "day": round(x.day, 4), "thousand": round(x.thousand, 4)}
            for x in bill.lines
        ]
        told = {
            "date": bill.prices.date, "region": bill.prices.region, "lines": lines, "idleDay": round(bill.day(), 2),
            "thousandOrders": round(bill.thousand, 2), "day": round(day, 2), "month": round(day * DAYS, 2),
            "students": students, "classDay": round(whole, 2), "classMonth": round(whole * DAYS, 2),
        }  # fmt: skip
        return json.dumps(told) + "\n"
    head = say(
        f"{bill.prices.region}、{bill.prices.date} の価格表 (infra/prices.yaml)、税別 USD。"
        "無料枠は数えていません。実際の請求とは異なります",
        f"{bill.prices.region}, prices of {bill.prices.date} (infra/prices.yaml), USD without taxes, "
        "no free tier counted. The bill will differ",
    )
    columns = say("項目", "item"), say("量", "amount"), say("1日 (待機)", "idle day"), say("1,000 注文", "1,000 orders")
    rows = [(x.what, x.amount, f"{x.day:.3f}", f"{x.thousand:.3f}") for x in bill.lines]
    rows.append((say("合計", "total"), "", f"{bill.day():.2f}", f"{bill.thousand:.2f}"))
    body = "\n".join(f"{a:<18} {b:<36} {c:>12} {d:>14}" for a, b, c, d in (columns, *rows))
    foot = say(
        f"1 日 {orders:,} 注文: {day:.2f} USD/日、{day * DAYS:.0f} USD/月。"
        f"{students} 人: {whole:.0f} USD/日、{whole * DAYS:,.0f} USD/月",
        f"with {orders:,} orders a day: {day:.2f} USD/day, {day * DAYS:.0f} USD/month. "
        f"{students} students: {whole:.0f} USD/day, {whole * DAYS:,.0f} USD/month",
    )
    return f"{head}\n\n{body}\n\n{foot}\n"


def markdown(bill: Bill) -> str:
    """The table in docs/aws/cost.md."""
    head = "| | | USD/day, idle | USD/1,000 orders |\n|---|---|---:|---:|\n"
    rows = "".join(f"| {x.what} | {x.amount} | {x.day:.3f} | {x.thousand:.3f} |\n" for x in bill.lines)
    return head + rows + f"| **total** | | **{bill.day():.2f}** | **{bill.thousand:.2f}** |\n"
