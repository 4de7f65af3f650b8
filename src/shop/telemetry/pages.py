"""The pages of docs/signals: a reference of all names, and one page per observability point, in Japanese and English.

A tool, as `generate` is: nothing of the shop imports it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from shop.telemetry.points import Point, Ratio

__all__ = ["index_page", "point_page", "reference_page"]

HOUR = timedelta(hours=1)
MADE = "<!-- Made by `make generate` from src/shop/telemetry: change it there. -->\n"
WORDS = {
    "ja": {
        "title": "シグナル一覧",
        "intro": "Mieruka Shop が自ら定義するメトリクス・属性・スパン・ログイベントのすべて。"
        "OpenTelemetry のセマンティック規約にある名前は規約どおりに使い、ここには再掲しない。",
        "metrics": "メトリクス",
        "attributes": "属性とログのフィールド",
        "spans": "スパン",
        "events": "ログイベント",
        "name": "名前",
        "kind": "種類",
        "unit": "単位",
        "on": "属性",
        "services": "サービス",
        "question": "答える問い",
        "meaning": "意味",
        "values": "値",
    },
    "en": {
        "title": "Signals",
        "intro": "Every metric, attribute, span and log event of Mieruka Shop's own. Names of OpenTelemetry's semantic "
        "conventions are used as they are there, and not repeated here.",
        "metrics": "Metrics",
        "attributes": "Attributes and fields of log lines",
        "spans": "Spans",
        "events": "Log events",
        "name": "Name",
        "kind": "Kind",
        "unit": "Unit",
        "on": "Attributes",
        "services": "Services",
        "question": "Question",
        "meaning": "Meaning",
        "values": "Values",
    },
}


def about(item: dict[str, Any]) -> dict[str, Any]:
    """The shop's annotations of a definition."""
    found: dict[str, Any] = item.get("annotations", {}).get("shop", {})
    return found


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table of Markdown."""
    head = list(head)
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n"
    yield "\n"


def code(names: Iterable[str]) -> str:
    """Names as code."""
    return " ".join(f"`{name}`" for name in names)


def refs(item: dict[str, Any]) -> str:
    """The attributes of a definition."""
    return code(attribute["ref"] for attribute in item.get("attributes", ()))


def brief(item: dict[str, Any], language: str) -> str:
    """What it means, in a language."""
    return str(about(item)["ja"] if language == "ja" else item["brief"])


def question(item: dict[str, Any], language: str) -> str:
    """What it answers, in a language."""
    return str(about(item)["question_ja" if language == "ja" else "question"])


def values(attribute: dict[str, Any]) -> str:
    """The values that an attribute can have, or examples, or its type."""
    kind = attribute["type"]
    if isinstance(kind, dict):
        return code(member["value"] for member in kind["members"])
    return f"{kind}: {code(map(str, attribute['examples']))}" if "examples" in attribute else str(kind)


def reference_page(registry: Any, language: str) -> str:
    """All definitions of the registry, in a language."""
    words = WORDS[language]
    lines = [MADE, f"# {words['title']}\n\n{words['intro']}\n\n## {words['metrics']}\n\n"]
    head = (words[each] for each in ("name", "kind", "unit", "on", "services", "meaning", "question"))
    lines += table(
        head,
        (
            (
                f"`{metric['name']}`",
                metric["instrument"],
                metric["unit"],
                refs(metric),
                " ".join(about(metric)["services"]),
                brief(metric, language),
                question(metric, language),
            )
            for metric in registry.metrics
        ),
    )
    lines.append(f"## {words['events']}\n\n")
    lines += table(
        (words[each] for each in ("name", "on", "meaning", "question")),
        (
            (f"`{event['name']}`", refs(event), brief(event, language), question(event, language))
            for event in registry.events
        ),
    )
    lines.append(f"## {words['spans']}\n\n")
    lines += table(
        (words[each] for each in ("name", "kind", "on", "meaning")),
        ((f"`{span['name']['note']}`", span["kind"], refs(span), brief(span, language)) for span in registry.spans),
    )
    lines.append(f"## {words['attributes']}\n\n")
    lines += table(
        (words[each] for each in ("name", "meaning", "values")),
        ((f"`{each['key']}`", brief(each, language), values(each)) for each in registry.attributes),
    )
    return "".join(lines).rstrip("\n") + "\n"


def index_page(points: Sequence[Point]) -> str:
    """What is in this folder."""
    lines = [MADE, "# シグナル / Signals\n\n", "- [シグナル一覧](reference.ja.md) / [Reference](reference.en.md)\n\n"]
    head = ("点 / point", "問い", "question", "metric")
    rows = (
        (f"[{point.id}]({point.id}.md)", point.question.ja, point.question.en, code(sorted(point.metrics)))
        for point in points
    )
    return "".join([*lines, *table(head, rows)]).rstrip("\n") + "\n"


def point_page(point: Point) -> str:
    """What a point is, why it matters, and how to ask for it, in both languages."""
    parts = [MADE, f"# {point.title.ja} / {point.title.en}\n\n`{point.id}` · `{point.unit}`\n\n"]
    for language, why in (("ja", "なぜ重要か"), ("en", "Why it matters")):
        asked, meant, because = (getattr(each, language) for each in (point.question, point.definition, point.why))
        parts.append(f"## {asked}\n\n{meant}\n\n**{why}** {because}\n\n{formula(point, language)}")
    parts.append("## 調べ方 / How to ask\n\nPromQL (console, CloudWatch), 1 h:\n\n")
    parts.append(f"```promql\n{point.promql(HOUR)}\n```\n")
    parts += insights(point)
    parts.append(f"\nコンソール / Console: `GET /api/signals/{point.id}`\n")
    return "".join(parts)


def formula(point: Point, language: str) -> str:
    """How a ratio is made."""
    if not isinstance(point.measure, Ratio):
        return ""
    words = "分子 / 分母" if language == "ja" else "numerator / denominator"
    return f"{words}: `{point.measure.part.promql}` / `{point.measure.whole.promql}`\n\n"


def insights(point: Point) -> Iterator[str]:
    """The queries of the logs."""
    if point.insights:
        yield f"\nLogs Insights:\n\n```\n{point.insights}\n```\n"
    if point.spans:
        yield f"\nLogs Insights, `aws/spans` (Transaction Search):\n\n```\n{point.spans}\n```\n"
    for query in point.queries:
        yield f"\n{query.title.ja} / {query.title.en} (Logs Insights):\n\n```\n{query.insights}\n```\n"
