"""Where a product answers a question: its texts as they are, as HTML, with the words that were asked for in `<em>`."""

from collections.abc import Iterator
from html import escape

import msgspec

from shop.catalog.search.port import Marker
from shop.contracts.shapes import Translations

__all__ = ["Texts", "highlights"]

WIDTH = 120  # characters of a fragment, about
MOST = 3  # fragments of one text
BREAKS = "。．.!?！？\n"
Spans = list[tuple[int, int]]


class Texts(msgspec.Struct, frozen=True):
    """The texts of a product, as its JSON has them."""

    name: str
    description: str
    attributes: dict[str, str]
    translations: Translations


def highlights(texts: Texts, marker: Marker) -> dict[str, list[str]]:
    """Fragments by field. Other languages are shown only where the product's own texts say nothing of it."""
    found = dict(marked(own(texts), marker))
    return found or dict(marked(others(texts), marker))


def own(texts: Texts) -> Iterator[tuple[str, str]]:
    """The texts that are shown with the product."""
    yield "name", texts.name
    yield "description", texts.description
    for name, value in texts.attributes.items():
        yield f"attributes.{name}", value


def others(texts: Texts) -> Iterator[tuple[str, str]]:
    """Its texts in other languages."""
    for language, text in texts.translations.items():
        yield f"translations.{language}.name", text.name
        yield f"translations.{language}.description", text.description


def marked(fields: Iterator[tuple[str, str]], marker: Marker) -> Iterator[tuple[str, list[str]]]:
    """Those with something to show."""
    for name, text in fields:
        spans = marker.spans(text)
        if spans:
            whole = name != "description" and not name.endswith(".description")
            yield name, [html(text, spans, 0, len(text))] if whole else fragments(text, spans)


def fragments(text: str, spans: Spans) -> list[str]:
    """Parts of a long text around what was asked for."""
    shown: list[str] = []
    end = 0
    for first, last in spans:
        if first >= end and len(shown) < MOST:
            start, end = around(text, first, last, end)
            shown.append(html(text, spans, start, end))
    return shown


def around(text: str, first: int, last: int, least: int) -> tuple[int, int]:
    """A fragment from sentence to sentence, or as wide as it may be."""
    start = max(least, last - WIDTH)
    start = max(start, *(text.rfind(mark, start, first) + 1 for mark in BREAKS))
    end = min(len(text), max(start + WIDTH, last))
    ends = [place + 1 for mark in BREAKS if (place := text.find(mark, last, end)) >= 0]
    return start, max(last, min(ends, default=end))


def html(text: str, spans: Spans, start: int, end: int) -> str:
    """A part of a text, escaped, with its spans marked."""
    parts, place = [], start
    for first, last in spans:
        if start <= first and last <= end:
            parts += [escape(text[place:first]), "<em>", escape(text[first:last]), "</em>"]
            place = last
    return "".join([*parts, escape(text[place:end])]).strip()
