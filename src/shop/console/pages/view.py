"""What every page begins with: its reader's language, the window of time, and how things are written."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

__all__ = ["RANGES", "View", "render"]

Language = Literal["ja", "en"]
RANGES = {"5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800}
DEFAULT_RANGE = "1h"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class View:
    """One request for a page."""

    request: Request
    language: Language
    span: str  # a key of RANGES
    now: datetime

    @classmethod
    def of(cls, request: Request) -> "View":
        """`?lang=` before the cookie of last time before what the browser prefers."""
        asked = request.query_params.get("lang") or request.cookies.get("lang") or ""
        prefers = request.headers.get("accept-language", "ja").lower()
        language: Language = "ja" if (asked or prefers).startswith("ja") else "en"
        span = request.query_params.get("range", "")
        return cls(request, language, span if span in RANGES else DEFAULT_RANGE, datetime.now(UTC))

    def say(self, ja: str, en: str) -> str:
        """A text in the reader's language."""
        return ja if self.language == "ja" else en

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return RANGES[self.span]

    @property
    def window(self) -> dict[str, str]:
        """The window as the API takes it."""
        return {"from": rfc3339(self.now - timedelta(seconds=self.seconds)), "to": rfc3339(self.now)}

    @property
    def before(self) -> dict[str, str]:
        """The window of the same length before it."""
        end = self.now - timedelta(seconds=self.seconds)
        return {"from": rfc3339(end - timedelta(seconds=self.seconds)), "to": rfc3339(end)}

    @property
    def root(self) -> str:
        """The way from this page to the console's root: links are relative, so that forwarded ports work."""
        return "../" * (self.request.url.path.count("/") - 1) or "./"

    def link(self, path: str, **query: Any) -> str:
        """An address on this console; the window goes along."""
        given = {"range": self.span, **query} if self.span != DEFAULT_RANGE else query
        rest = {name: value for name, value in given.items() if value not in (None, "")}
        return f"{self.root}{path}{'?' + urlencode(rest) if rest else ''}"

    def asked(self, *names: str) -> dict[str, str]:
        """What a form was filled with."""
        return {name: self.request.query_params.get(name, "") for name in names}

    def here(self, **query: Any) -> str:
        """This page with some parameters changed."""
        given = {**dict(self.request.query_params), **query}
        rest = {name: value for name, value in given.items() if value not in (None, "")}
        return f"?{urlencode(rest)}"


def rfc3339(moment: datetime) -> str:
    """As the API takes and gives it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ------------------------------------------------------------------------------------------------------------- filters


def ms(value: float | None) -> str:
    """A duration in ms, in the unit that suits it."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} µs"
    if value < 1000:
        return f"{value:.3g} ms" if value < 100 else f"{value:.0f} ms"
    return f"{value / 1000:.2f} s" if value < 60_000 else f"{value / 60_000:.1f} min"


def number(value: float | None) -> str:
    """A count or a figure, readable."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.1f}"


def figure(value: float | None, unit: str) -> str:
    """The value of an observability point in its unit."""
    if value is None:
        return "–"
    if unit == "1":
        return f"{value * 100:.1f} %"
    return ms(value * 1000) if unit == "s" else number(value)


def percent(part: float, whole: float) -> str:
    """A share."""
    return f"{part / whole * 100:.1f} %" if whole else "–"


def moment(text: str | None) -> Markup:
    """A time, shown in the reader's own zone by the browser, and in UTC where there is no script."""
    if not text:
        return Markup("–")
    return Markup('<time datetime="{0}">{1}</time>').format(text, text[5:23].replace("T", " "))


def short(text: str) -> str:
    """The end of an id: ids of one moment begin alike."""
    return text if len(text) <= 10 else f"…{text[-8:]}"


def clipped(text: str, most: int) -> str:
    """What fits into a box; Japanese takes twice the room."""
    wide = [1 + (ord(letter) > 0x2E7F) for letter in text]
    if sum(wide) <= most:
        return text
    kept = next(count for count in range(len(text), -1, -1) if sum(wide[:count]) < most)
    return f"{text[:kept]}…"


def pretty(value: Any) -> str:
    """JSON with its lines broken; what is no JSON as it is."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return json.dumps(parsed, ensure_ascii=False, indent=2)


def trace_of(message: str) -> str | None:
    """The trace that a log line names."""
    if not message.startswith("{"):
        return None
    try:
        found = json.loads(message).get("trace_id")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "ms": ms, "number": number, "figure": figure, "moment": moment, "short": short, "pretty": pretty,
    "trace_of": trace_of, "clipped": clipped,
}  # fmt: skip
ENVIRONMENT.globals |= {"percent": percent, "RANGES": RANGES}


def render(view: View, template: str, /, status: int = 200, **given: Any) -> HTMLResponse:
    """A page. `?lang=` is remembered."""
    page = ENVIRONMENT.get_template(template)
    html = page.render(v=view, say=view.say, link=view.link, here=view.here, root=view.root, **given)
    response = HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
    if asked := view.request.query_params.get("lang"):
        language = "ja" if asked.startswith("ja") else "en"
        response.set_cookie("lang", language, max_age=31_536_000, samesite="strict", httponly=True)
    return response
