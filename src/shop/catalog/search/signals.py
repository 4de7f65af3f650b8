"""The telemetry of search in business words."""

import re

from shop.catalog.search.writing import fold, is_kana
from shop.runtime.signals import trouble
from shop.telemetry import count, log, names, observe

__all__ = ["index_failed", "script_of", "searched"]

MAIL = re.compile(r"[^\s@]+@[^\s@]+")
LETTER = re.compile(r"[^\W\d_]")
KANJI = re.compile(r"[々-〇㐀-䶿一-鿿豈-龎\U00020000-\U0003ffff]")


def searched(query: str, total: int, *, corrected: bool) -> None:
    """`catalog.search_queries`: what do people search for, and do they find it?"""
    result = "corrected" if corrected else "hits" if total else "none"
    script = script_of(query)
    count(names.CATALOG_SEARCHES, {names.SEARCH_RESULT: result, names.SEARCH_SCRIPT: script})
    observe(names.CATALOG_SEARCH_RESULTS, total, {names.SEARCH_RESULT: result})
    about: dict[str, str | int] = {names.SEARCH_RESULT: result, names.SEARCH_SCRIPT: script, names.SEARCH_TOTAL: total}
    log(names.SEARCH, {names.SEARCH_QUERY: normalised(query), **about})


def normalised(query: str) -> str:
    """A query as equal ones are written, without what may be somebody's mail address."""
    return MAIL.sub("…", " ".join(fold(query).text.split()))


def script_of(query: str) -> str:
    """The script of a query: latin, kana, kanji, or mixed. One without letters is latin."""
    scripts = {script for letter in LETTER.findall(fold(query).text) for script in [letter_script(letter)]}
    return scripts.pop() if len(scripts) == 1 else "mixed" if scripts else "latin"


def letter_script(letter: str) -> str:
    """The script of one letter; those of the rest of the world are mixed in."""
    if KANJI.match(letter):
        return "kanji"
    if is_kana(letter):
        return "kana"
    return "latin" if letter < "ɐ" else "mixed"


def index_failed(error: Exception) -> None:
    """Why is search behind the catalog?"""
    trouble(names.SEARCH_INDEX_FAILED, error)
