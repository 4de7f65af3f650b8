"""Widgets of a CloudWatch dashboard, and how they stand on it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Dashboard-Body-Structure.html; the body of the
chart widget, the one that takes PromQL, is in docs/adr/0016-dashboards-on-aws.md.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

__all__ = ["Page", "alarms", "chart", "log", "metric", "number", "text"]

Widget: TypeAlias = dict[str, Any]
COLUMNS = 24
AREA = {
    "width": 2,
    "pattern": "solid",
    "spline": False,
    "filled": False,
    "stacked": False,
}  # all five, or it is refused


class Page:
    """Rows of widgets from top to bottom, each as wide as its neighbours."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._top = 0
        self.widgets: list[Widget] = []

    def row(self, *widgets: Widget, height: int = 6, width: int | None = None) -> None:
        """Widgets beside each other, which share the page unless each has its `width`."""
        width = width or COLUMNS // max(len(widgets), 1)
        for place, widget in enumerate(widgets):
            if widget["type"] in ("chart", "metric", "log"):
                widget["properties"]["region"] = self._region
            self.widgets.append({**widget, "x": place * width, "y": self._top, "width": width, "height": height})
        self._top += height if widgets else 0

    def rows(self, widgets: Iterable[Widget], each: int, height: int = 6) -> None:
        """Widgets in as many rows as they take; a last one that is not full keeps the width of the others."""
        given = list(widgets)
        for first in range(0, len(given), each):
            self.row(*given[first : first + each], height=height, width=COLUMNS // each)

    def heading(self, words: str) -> None:
        """A line of text over the whole width."""
        self.row(text(f"## {words}"), height=1)

    def body(self) -> str:
        """What PutDashboard takes. In ASCII: it passes through a template."""
        return json.dumps({"start": "-PT3H", "periodOverride": "inherit", "widgets": self.widgets})


def text(markdown: str) -> Widget:
    """Words."""
    return {"type": "text", "properties": {"markdown": markdown, "background": "transparent"}}


def chart(title: str, *queries: tuple[str, str], unit: str = "") -> Widget:
    """PromQL over time: (label, query); a query that has many series labels them by itself, and has none."""
    axis = {"yAxis": [{"title": unit, "min": 0}]} if unit else {}
    options = {"style": {"lineOptions": AREA}, "legend": {"position": "bottom", "show": True}, **axis}
    return promql(title, queries, "line", options)


def number(title: str, query: str) -> Widget:
    """What a query says now, and how that has come about."""
    return promql(title, [("", query)], "number", {"style": {"numberOptions": {"sparkline": True, "truncate": True}}})


def promql(title: str, queries: Sequence[tuple[str, str]], view: str, options: dict[str, Any]) -> Widget:
    """The widget that takes PromQL."""
    asked = [
        {"id": f"q{place}", "type": "cloudwatch-metrics", "language": "PromQL", "query": query}
        | ({"label": label} if label else {})
        for place, (label, query) in enumerate(queries)
    ]
    properties = {"title": title, "view": view, "data": {"queries": asked}, "plotOptions": options}
    return {"type": "chart", "properties": properties}


def metric(title: str, stat: str, *rows: list[Any], unit: str = "") -> Widget:
    """Metrics that AWS makes of what a service runs on: [namespace, name, dimension, value, ..., {label, stat}]."""
    axis = {"yAxis": {"left": {"label": unit, "min": 0, "showUnits": False}}} if unit else {}
    return {
        "type": "metric",
        "properties": {"title": title, "view": "timeSeries", "stat": stat, "period": 60, "metrics": list(rows), **axis},
    }


def log(title: str, groups: Sequence[str], query: str) -> Widget:
    """Logs Insights, as a table."""
    sources = " | ".join(f"SOURCE '{group}'" for group in groups)
    return {"type": "log", "properties": {"title": title, "view": "table", "query": f"{sources} | {query}"}}


def alarms(title: str, arns: Sequence[str]) -> Widget:
    """How alarms stand, those that ring first."""
    return {"type": "alarm", "properties": {"title": title, "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}}
