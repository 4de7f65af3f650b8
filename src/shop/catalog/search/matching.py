"""Questions as queries of the index.

Every word has to be there: as itself, by its sound where it is written in kana, or as the name of the product's
category. When nothing has all of them, and there are three or more, one in three may be missing.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tantivy import Occur, Query, Searcher

from shop.catalog.search.schema import ONLY_KANA, SCHEMA
from shop.catalog.search.tree import Tree
from shop.catalog.search.words import Run, Word, Words
from shop.catalog.search.writing import fold, is_kana, sound

__all__ = ["Asked", "Marks", "Shelves", "Wish", "is_known", "wishes_of"]

NAME, BODY = 3.0, 1.0  # what a word counts in the name, and elsewhere
NAME_SOUND, BODY_SOUND = 2.0, 0.7
CATEGORY = 1.5
PHRASE, LOOSE_PHRASE = 2.0, 0.5  # words that stand side by side, in the name and elsewhere
OTHERS = 0.2  # what the second best field adds
RELAXED_FROM, RELAXED = 3, 0.6
QUOTED = re.compile(r'"([^"]+)"')
PART = re.compile(r"[・,&/、]|\band\b")


@dataclass(frozen=True, slots=True)
class Wish:
    """A word, or the sound of several written as one, that a product has to have."""

    words: tuple[Word, ...]
    heard: str = ""

    @property
    def means(self) -> tuple[str, ...]:
        """What is the same for wishes that find the same, wherever in the question they stand."""
        return (self.heard, *(f"{word.term} {word.sound} {word.is_kana}" for word in self.words))

    def terms(self) -> Iterator[tuple[str, str]]:
        """Where it can be: fields and terms, any of which will do, of a wish for one word or for a sound."""
        if self.heard:
            yield "name_sound", self.heard
            yield "body_sound", self.heard
        for word in self.words if len(self.words) == 1 else ():
            yield "name", word.term
            yield "body", word.term
            if word.sound:
                term = word.sound if word.is_kana else ONLY_KANA + word.sound
                yield "name_sound", term
                yield "body_sound", term


@dataclass(frozen=True)
class Shelves:
    """Which categories have a name, or a part of one, of just these words."""

    parts: Mapping[frozenset[str], list[str]]

    @classmethod
    def of(cls, tree: Tree, words: Words) -> "Shelves":
        """A whole name stands for what is below the category too, a part of one (ペン in ペン・万年筆) does not."""
        parts: dict[frozenset[str], list[str]] = {}
        for category, names in tree.names.items():
            for name in names.values():
                text = fold(name).text
                whole = frozenset(word.term for run in words.runs(text) for word in run.spoken)
                parts.setdefault(whole, []).extend(tree.below[category])
                for part in PART.split(text):
                    some = frozenset(word.term for run in words.runs(part) for word in run.spoken)
                    if some != whole:
                        parts.setdefault(some, []).append(category)
        parts.pop(frozenset(), None)
        return cls(parts)

    @cached_property
    def terms(self) -> frozenset[str]:
        """All words of names."""
        return frozenset(term for part in self.parts for term in part)

    def meant(self, terms: frozenset[str]) -> dict[str, list[str]]:
        """The categories that these words name, by word."""
        found: dict[str, list[str]] = {}
        for part, categories in self.parts.items():
            if part <= terms:
                for term in part:
                    found.setdefault(term, []).extend(categories)
        return found


@dataclass(frozen=True)
class Asked:
    """A question, read."""

    text: str
    runs: list[Run]
    shelves: Shelves

    @classmethod
    def read(cls, text: str, words: Words, shelves: Shelves) -> "Asked":
        """The words of a folded text."""
        return cls(text, words.runs(text), shelves)

    @cached_property
    def wishes(self) -> list[Wish]:
        """What a product has to have; nothing when the question has no word."""
        found = {wish.means: wish for run in self.runs for wish in wishes_of(run)}
        return list(found.values()) or [Wish((word,)) for run in self.runs for word in run.words if run.kind != "ja"]

    @cached_property
    def words(self) -> list[Word]:
        """All words that mean something, in order."""
        return [word for run in self.runs for word in run.spoken]

    def query(self, *, relaxed: bool) -> Query:
        """Finds what has all wishes, or enough of them; what has them side by side comes first."""
        meant = self.shelves.meant(frozenset(word.term for word in self.words))
        wishes = [query_of(wish, meant) for wish in self.wishes]
        if relaxed:
            enough = math.ceil(len(wishes) * RELAXED)
            wanted = [(Occur.Must, any_of(wishes, enough))]
        else:
            wanted = [(Occur.Must, wish) for wish in wishes]
        quoted = [(Occur.Must, Query.disjunction_max_query(list(phrases(terms)))) for terms in self.quoted()]
        close = [(Occur.Should, query) for terms in self.neighbours() for query in phrases(terms)]
        return Query.boolean_query([*wanted, *quoted, *close])

    @property
    def can_relax(self) -> bool:
        """Whether there are enough wishes to leave one out."""
        return len(self.wishes) >= RELAXED_FROM

    def quoted(self) -> Iterator[list[str]]:
        """Words in quotation marks: they must stand side by side."""
        for match in QUOTED.finditer(self.text):
            inside = [run for run in self.runs if match.start(1) <= run.start < match.end(1)]
            terms = [word.term for run in inside for word in run.spoken]
            if len(terms) > 1:
                yield terms

    def neighbours(self) -> Iterator[list[str]]:
        """Words that stand side by side in the question: all of it, and each run."""
        groups = [[word.term for word in self.words], *([word.term for word in run.spoken] for run in self.runs)]
        for terms in dict.fromkeys(tuple(group) for group in groups):
            if 1 < len(terms) <= 8:
                yield list(terms)


def wishes_of(run: Run) -> list[Wish]:
    """What one run wishes for. Kana can be cut wrongly: all of it may be the sound of one word."""
    spoken = run.spoken
    if run.kind == "ja" and is_kana(run.text) and len(run.words) > 1 and (heard := sound(run.text)):
        return [Wish(spoken, heard)]
    return [Wish((word,)) for word in spoken]


@lru_cache(10_000)
def field_query(field: str, term: str) -> Query:
    """Finds a term in a field, as much as it counts there."""
    boost = {"name": NAME, "body": BODY, "name_sound": NAME_SOUND, "body_sound": BODY_SOUND}[field]
    option = "freq" if field.endswith("_sound") else "position"
    return Query.boost_query(Query.term_query(SCHEMA, field, term, option), boost)


def query_of(wish: Wish, meant: Mapping[str, Iterable[str]]) -> Query:
    """Finds what fulfils a wish."""
    ways = [field_query(field, term) for field, term in wish.terms()]
    if len(wish.words) > 1:
        each = [(Occur.Must, query_of(Wish((word,)), meant)) for word in wish.words]
        ways.append(Query.boolean_query(each))
    elif wish.words and (categories := meant.get(wish.words[0].term)):
        inside = Query.term_set_query(SCHEMA, "category", sorted(set(categories)))
        ways.append(Query.const_score_query(inside, CATEGORY))
    return Query.disjunction_max_query(ways, OTHERS)


def any_of(queries: list[Query], enough: int) -> Query:
    """Finds what at least `enough` of them find."""
    return Query.boolean_query([(Occur.Should, query) for query in queries], enough)


def phrases(terms: list[str]) -> Iterator[Query]:
    """Finds terms side by side."""
    for field, boost in (("name", PHRASE), ("body", LOOSE_PHRASE)):
        yield Query.boost_query(Query.phrase_query(SCHEMA, field, list(terms)), boost)


def is_known(searcher: Searcher, wish: Wish, shelves: Shelves) -> bool:
    """Whether anything in the index, or the name of a category, has this."""
    if len(wish.words) == 1 and wish.words[0].term in shelves.terms:
        return True
    if any(searcher.doc_freq(field, term) for field, term in wish.terms()):
        return True
    return len(wish.words) > 1 and all(is_known(searcher, Wish((word,)), shelves) for word in wish.words)


class Marks:
    """Finds the words of a question in texts."""

    def __init__(self, asked: Asked, words: Words) -> None:
        self._words = words
        self._terms = {word.term for word in asked.words}
        self._sounds = {term for wish in asked.wishes for field, term in wish.terms() if field == "name_sound"}
        self._sounds |= {word.sound for word in asked.words if word.sound and word.is_kana}

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where they stand, in order, apart from each other."""
        folded = fold(text)
        merged: list[tuple[int, int]] = []
        for start, end in sorted(each for run in self._words.runs(folded.text) for each in self._in(run)):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return [folded.span(start, end) for start, end in merged]

    def _in(self, run: Run) -> Iterator[tuple[int, int]]:
        for word in run.spoken:
            if self._is_asked(word):
                yield run.start + word.start, run.start + word.end
        for group in run.compounds():
            if "".join(word.sound for word in group) in self._sounds:
                yield run.start + group[0].start, run.start + group[-1].end

    def _is_asked(self, word: Word) -> bool:
        if word.term in self._terms:
            return True
        return bool(word.sound) and (
            word.sound in self._sounds or (word.is_kana and ONLY_KANA + word.sound in self._sounds)
        )
