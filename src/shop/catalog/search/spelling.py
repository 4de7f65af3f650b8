"""Typos: a word that nothing in the index has becomes the one that differs from it by one letter.

The index keeps each word as it is written, forwards and backwards. Two words that differ by one letter have the same
first half or the same second half, so that both lists together hold every candidate, in any script.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tantivy import Searcher

from shop.catalog.search.matching import Asked, Wish, is_known, wishes_of
from shop.catalog.search.schema import MARK
from shop.catalog.search.words import Run, Word
from shop.catalog.search.writing import is_kana, katakana

__all__ = ["corrected", "one_apart"]

SHORTEST = 3  # letters: shorter words are one letter away from too many
MOST = 20_000  # candidates looked at, the frequent ones first
ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "y", "ies", "ness", "ment")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A part of a question that cannot be meant as it stands."""

    start: int
    end: int
    text: str
    sound: str = ""  # of kanji: the wrong ones may sound right


def corrected(asked: Asked, searcher: Searcher) -> str | None:
    """The question with its first mistake corrected; None when there is none, or nothing is like it."""
    for run in asked.runs:
        for mistake in mistakes(run, asked, searcher):
            better = nearest(mistake, searcher)
            if better and better != mistake.text:
                return asked.text[: mistake.start] + better + asked.text[mistake.end :]
    return None


def mistakes(run: Run, asked: Asked, searcher: Searcher) -> Iterator[Mistake]:
    """Parts of a run that may be wrong, the longest first."""
    if run.kind == "word":
        word = run.words[0]
        if not word.is_silent and not is_written(word, asked, searcher):
            yield Mistake(run.start, run.start + len(run.text), run.text)
    if run.kind == "ja":
        yield from japanese(run, asked, searcher)


def is_written(word: Word, asked: Asked, searcher: Searcher) -> bool:
    """Whether a word in letters is in the index as it is, or in a form that has another ending."""
    if searcher.terms_with_prefix("spelling", word.surface + MARK, limit=1) or word.term in asked.shelves.terms:
        return True
    inflected = word.surface != word.term and word.surface.endswith(ENDINGS)
    return inflected and is_known(searcher, Wish((word,)), asked.shelves)


def japanese(run: Run, asked: Asked, searcher: Searcher) -> Iterator[Mistake]:
    """Stretches of a run that hold all of its unknown words. Kana without any are one word, cut wrongly."""
    wishes = {place: Wish((word,)) for place, word in enumerate(run.words) if not word.is_silent}
    unknown = {place for place, wish in wishes.items() if not is_known(searcher, wish, asked.shelves)}
    if is_kana(run.text) and len(run.words) > 1:
        if is_known(searcher, wishes_of(run)[0], asked.shelves):
            return
        unknown = unknown or set(range(len(run.words)))
    if not unknown:
        return
    for length in range(min(len(run.words), 5), 0, -1):
        for first in range(len(run.words) - length + 1):
            if unknown <= set(range(first, first + length)):
                part = run.words[first : first + length]
                text = run.text[part[0].start : part[-1].end]
                start = run.start + part[0].start
                yield Mistake(start, start + len(text), text, "".join(word.sound for word in part))


def nearest(mistake: Mistake, searcher: Searcher) -> str | None:
    """The word that is written or sounds most like it, as it is written."""
    key = katakana(mistake.text)
    alike = (key, mistake.sound) if len(mistake.text) > 1 else ()  # a single kanji has too many homophones
    for heard in alike:
        if len(heard) >= SHORTEST and (same := searcher.terms_with_prefix("spelling", heard + MARK, limit=1)):
            return word_in(same[0][0])
    if len(key) < SHORTEST:
        return None
    found = [
        (word_in(term), each, count)
        for term, each, count in candidates(key, searcher)
        if len(each) >= SHORTEST and len(word_in(term)) > 1 and one_apart(key, each)
    ]
    if not found:
        return None
    return max(found, key=lambda one: (one[1][0] == key[0], one[2], one[0]))[0]


def candidates(key: str, searcher: Searcher) -> Iterator[tuple[str, str, int]]:
    """Spellings that share a half with `key`: the term, its key, how many products have it."""
    half = len(key) // 2
    firsts = {key[:half], key[: half - 1] + key[half : half + 1] if half else ""} - {""}
    for first in firsts:
        for term, count in searcher.terms_with_prefix("spelling", first, limit=MOST):
            yield term, term.partition(MARK)[0], count
    for term, count in searcher.terms_with_prefix("gnilleps", key[half:][::-1], limit=MOST):
        yield term, term.partition(MARK)[0][::-1], count


def word_in(term: str) -> str:
    """The word of a spelling."""
    return term.partition(MARK)[2]


def one_apart(one: str, other: str) -> bool:
    """Whether one letter was changed, left out, added, or changed places with its neighbour."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, other_rest = one[start:], other[start:]
    if len(one) == len(other):
        swapped = rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
        return rest[1:] == other_rest[1:] or swapped
    return rest[1:] == other_rest if len(one) > len(other) else rest == other_rest[1:]
