"""Where on AWS each observability point is found: the parts of docs/aws/look.*.md that come from the data.

A tool, as `generate` is: nothing of the shop imports it.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from shop.telemetry.pages import code, table
from shop.telemetry.points import Point
from shop.telemetry.queries import queries
from shop.telemetry.samples import Selector
from shop.telemetry.slos import Alarm, Latest, Objective, ShareOf, Slos

__all__ = ["filled"]

HOUR = timedelta(hours=1)
WORDS = {
    "ja": {
        "point": "観測ポイント",
        "question": "問い",
        "boards": "ダッシュボード `shop-<名前>-…`",
        "alarms": "アラーム `shop-<名前>-…`",
        "alarm": "アラーム",
        "title": "意味",
        "limit": "条件",
        "spans": "スパン（ロググループ `aws/spans`）",
        "logs": "ログのインサイト",
        "parts": "内訳（5 分）",
        "target": "目標",
        "rates": "バーンレート",
    },
    "en": {
        "point": "Point",
        "question": "Question",
        "boards": "Dashboards `shop-<name>-...`",
        "alarms": "Alarms `shop-<name>-...`",
        "alarm": "Alarm",
        "title": "What it means",
        "limit": "When",
        "spans": "Spans (log group `aws/spans`)",
        "logs": "Logs Insights",
        "parts": "What it is made of (5 min)",
        "target": "target",
        "rates": "Burn rates",
    },
}


def filled(text: str, language: str, points: Sequence[Point], slos: Slos) -> str:
    """A page with its parts made anew: what stands between `<!-- NAME: made by ... -->` and `<!-- end of NAME -->`."""
    made = {
        "points": "".join(overview(points, slos, language)),
        "queries": "".join(part for point in points for part in asked(point, language)),
        "alarms": "".join(ringing(slos, language)),
    }
    for name, words in made.items():
        begin, end = f"<!-- {name}: made by `make generate` -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page has no place for its {name}")
        text = f"{before}{begin}\n{words}{end}{after}"
    return text


def overview(points: Sequence[Point], slos: Slos, language: str) -> Iterator[str]:
    """Every point, where it is shown, and what rings for it."""
    words = WORDS[language]
    rows = (
        (
            f"[{getattr(point.title, language)}](../signals/{point.id}.md)",
            getattr(point.question, language),
            code((point.service, "business")),
            code(name for each in slos.judged if rings_for(each, point) for name in named(each, slos)),
        )
        for point in points
    )
    yield from table((words[each] for each in ("point", "question", "boards", "alarms")), rows)


def rings_for(what: Objective | Alarm, point: Point) -> bool:
    """Whether it is judged by the same series."""
    of = point.measure.of
    return any(each.metric == of.metric and each.service in (None, point.service) for each in selectors(what))


def selectors(what: Objective | Alarm) -> tuple[Selector, ...]:
    """What it looks at."""
    if isinstance(what, Objective):
        return (what.all,)
    return (what.figure.part, what.figure.whole) if isinstance(what.figure, ShareOf) else (what.figure.of,)


def asked(point: Point, language: str) -> Iterator[str]:
    """Every query of a point."""
    words = WORDS[language]
    yield f"### {getattr(point.title, language)}\n\n`{point.id}`\n\n"
    yield f"```promql\n{point.promql(HOUR)}\n```\n\n"
    if parts := point.promql_by(timedelta(minutes=5)):
        yield f"{words['parts']}\n\n```promql\n{parts}\n```\n\n"
    logs = [point.insights, *(query.insights for query in point.queries)]
    for insights in filter(None, logs):
        yield f"{words['logs']}, `/shop/<name>/{point.service}`\n\n```\n{insights}\n```\n\n"
    if point.spans:
        yield f"{words['spans']}\n\n```\n{point.spans}\n```\n\n"


def ringing(slos: Slos, language: str) -> Iterator[str]:
    """Every alarm, by name."""
    words = WORDS[language]
    rows = ((code(named(each, slos)), getattr(each.title, language), limit(each, language)) for each in slos.judged)
    yield from table((words[each] for each in ("alarm", "title", "limit")), rows)
    pairs = (f"{each.factor:g}× {each.long}/{each.short} ({each.severity})" for each in slos.burn_rates)
    yield f"{words['rates']}: {', '.join(pairs)}\n\n"


def named(what: Objective | Alarm, slos: Slos) -> list[str]:
    """The names of its alarms, without the deployment's; there is one for each queue where it is about queues."""
    if isinstance(what, Alarm) and isinstance(what.figure, Latest):
        return [f"{what.id}-*"]
    return [f"{what.id}-{severity}" for severity in queries(what, slos)]


def limit(what: Objective | Alarm, language: str) -> str:
    """When it rings."""
    if isinstance(what, Alarm):
        return f"> {what.above:g} ({what.over})"
    return f"{WORDS[language]['target']} {what.target * 100:g} %"
