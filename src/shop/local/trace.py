"""`shop trace ID`: a trace as a tree, each span with its share of the time, and the log lines that belong to it."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shop.local.asking import ask
from shop.local.errors import Failed
from shop.local.language import say
from shop.local.running import known

__all__ = ["trace"]

BAR: Final = 30  # characters for the whole time


def trace(data: Path, trace_id: str, *, as_json: bool) -> None:
    """Print a trace. Refused when no shop runs, Failed when its console knows no such trace."""
    found = ask(data, f"/api/traces/{trace_id}")
    if found is None:
        raise Failed(
            say(
                f"トレース {trace_id} が見つかりません。届くまで 2 秒ほどかかります",
                f"there is no trace {trace_id}; it takes up to two seconds to arrive",
            )
        )
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(
        "\n".join([*tree(found), "", f"{known(data)['shop']['console']}/traces/{found['traceId']}"]) + "\n"
    )


def tree(found: dict[str, Any]) -> list[str]:
    """The spans, those below the one that they belong to; then the lines."""
    spans = found["spans"]
    known_ids = {each["spanId"] for each in spans}
    children: dict[str | None, list[dict[str, Any]]] = {}
    for each in spans:
        parent = each["parentSpanId"] if each["parentSpanId"] in known_ids else None
        children.setdefault(parent, []).append(each)
    begin = min((started(each) for each in spans), default=0.0)
    whole = max((started(each) - begin + each["durationMs"] for each in spans), default=1.0) or 1.0
    shown: list[str] = []
    waiting = [(each, 0) for each in reversed(children.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        shown.append(line_of(span, depth, begin, whole))
        waiting.extend((each, depth + 1) for each in reversed(children.get(span["spanId"], [])))
    lines = [f"{each['@timestamp'][11:23]} {each['@log']}  {each['@message']}" for each in found["logs"]]
    return [*shown, "", *lines] if lines else shown


def started(span: dict[str, Any]) -> float:
    """When it began, in ms since 1970."""
    return datetime.fromisoformat(span["startTime"]).timestamp() * 1000


def line_of(span: dict[str, Any], depth: int, begin: float, whole: float) -> str:
    """A span in one line: a bar where it was in the time of the whole, `*` on the critical path, `!` when it failed."""
    left = min(round((started(span) - begin) / whole * BAR), BAR - 1)
    bar = " " * left + "━" * max(1, min(round(span["durationMs"] / whole * BAR), BAR - left))
    mark = "!" if span["status"] == "error" else "*" if span["critical"] else " "
    name = f"{'  ' * depth}{span['service']}  {span['name']}"
    return f"{bar.ljust(BAR)} {span['durationMs']:10.2f} ms {mark} {name}"
