"""Texts as words: what is written in different ways and means the same becomes the same.

Japanese is cut by SudachiPy into its shortest units, each in its normalized form
(珈琲 and こーひー are コーヒー, 湯呑み is 湯飲み) and with its reading, by which kana find kanji. English is stemmed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

from shop.catalog.search.writing import JAPANESE, is_kana, sound

__all__ = ["CACHED", "RUN", "Run", "Word", "Words"]

RUN = re.compile(rf"(?P<ja>[{JAPANESE}]+)|(?P<number>\d+(?:[.,]\d+)*)|(?P<word>[^\W\d_{JAPANESE}]+)")
SILENT = frozenset({"助詞", "助動詞", "補助記号", "空白", "記号"})  # parts of speech that nobody searches for
COMMON = frozenset({"為る", "居る", "有る", "成る", "出来る", "事", "御"})
# fmt: off
ENGLISH = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it", "its", "no", "not", "of", "on",
    "or", "s", "so", "t", "than", "that", "the", "these", "this", "to", "was", "with",
})
# fmt: on
IDLE = 10.0  # seconds without work after which the dictionary (over 100 MB) is let go; loading it takes 0.03
CACHED = 20_000
LONGEST_COMPOUND = 3  # units; 万年 + 筆 is one word for those who write it


class Word(NamedTuple):
    """A word of a run: its form in the index, its sound (empty: none), how it is written, where it stands there."""

    term: str
    sound: str
    surface: str
    start: int
    end: int
    is_silent: bool = False

    @property
    def is_kana(self) -> bool:
        """Whether it is written in kana alone."""
        return is_kana(self.surface)


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stand together, `start` being their place: a stretch of Japanese, a number, a word in letters."""

    kind: str
    text: str
    start: int
    words: tuple[Word, ...]

    @property
    def spoken(self) -> tuple[Word, ...]:
        """Those of its words that mean something."""
        return tuple(word for word in self.words if not word.is_silent)

    def compounds(self) -> Iterator[tuple[Word, ...]]:
        """Neighbours that may be one word to whoever reads them."""
        for first in range(len(self.words)):
            for last in range(first + 2, min(first + LONGEST_COMPOUND, len(self.words)) + 1):
                group = self.words[first:last]
                if any(word.is_silent for word in group):
                    break
                yield group


@dataclass
class Words:
    """Finds the words of texts. May be used by several threads; knows the runs it has met lately."""

    _lock: Lock = field(default_factory=Lock)
    _sudachi: Any = None
    _used: float = 0.0

    def __post_init__(self) -> None:
        builder = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.ascii_fold()).filter(Filter.stemmer("english"))
        self._stemmer = builder.build()
        self.japanese = lru_cache(CACHED)(self._japanese)
        self.stem = lru_cache(CACHED)(self._stem)

    def runs(self, text: str) -> list[Run]:
        """The runs of a folded text."""
        return [self.run(str(match.lastgroup), match[0], match.start()) for match in RUN.finditer(text)]

    def rest(self) -> None:
        """Let the dictionary go when nobody has needed it for a while."""
        if self._sudachi is not None and monotonic() - self._used > IDLE:
            with self._lock:
                self._sudachi = None

    def run(self, kind: str, text: str, start: int = 0) -> Run:
        """A run that stands at `start`."""
        if kind == "ja":
            return Run(kind, text, start, self.japanese(text))
        term = self.stem(text) if kind == "word" else text.replace(",", "")
        return Run(kind, text, start, (Word(term, "", text, 0, len(text), text in ENGLISH),))

    def _stem(self, word: str) -> str:
        return str((self._stemmer.analyze(word) or [word])[0])

    def _japanese(self, text: str) -> tuple[Word, ...]:
        self._used = monotonic()
        with self._lock:
            if self._sudachi is None:
                self._sudachi = load()
            return tuple(word_of(morpheme) for morpheme in self._sudachi.tokenize(text))


def load() -> Any:
    """SudachiPy with its dictionary, mapped from disk."""
    from sudachipy import Dictionary, SplitMode  # noqa: PLC0415 - a process that never searches never loads it

    return Dictionary(dict="core").tokenizer(mode=SplitMode.A)


def word_of(morpheme: Any) -> Word:
    """A morpheme as a word."""
    surface, term = morpheme.surface(), morpheme.normalized_form().lower()
    reading = morpheme.reading_form() or surface
    silent = morpheme.part_of_speech()[0] in SILENT or term in COMMON
    return Word(term, sound(reading) if is_kana(reading) else "", surface, morpheme.begin(), morpheme.end(), silent)
