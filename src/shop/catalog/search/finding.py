"""Answers of the embedded index at one moment: pages in every order, exact counts, corrected questions.

Pages by a field begin behind the last product's value and id, whatever came and went. By relevance they begin behind
its score and id, in the index as it was when the first page was asked for, as long as that is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tantivy import FieldType, Occur, Order, Query, Searcher

from shop.catalog.search.matching import Asked, Marks, Shelves
from shop.catalog.search.port import PRICES, Found, Hit, Position, Question, Sort
from shop.catalog.search.schema import SCHEMA
from shop.catalog.search.spelling import corrected
from shop.catalog.search.words import Words
from shop.catalog.search.writing import fold

__all__ = ["Finder", "Moment"]

Filters = list[tuple[Occur, Query]]
Key = tuple[float, str]
HIGHEST = 2**31 - 1
ROUNDS = 3  # words corrected in one question
SLACK = 20  # hits read on either side of where a page by relevance is expected
COUNTS = {
    "categories": {"terms": {"field": "category", "size": 10_000}},
    "prices": {"range": {"field": "price", "ranges": [{"from": low, "to": high} for low, high in PRICES]}},
}
ORDERS: dict[Sort, tuple[str, FieldType, Order]] = {
    "newest": ("created", FieldType.Integer, Order.Desc),
    "priceAsc": ("price", FieldType.Integer, Order.Asc),
    "priceDesc": ("price", FieldType.Integer, Order.Desc),
    "rating": ("rating", FieldType.Float, Order.Desc),
}


@dataclass(frozen=True, eq=False)
class Moment:
    """The index after a commit. `range_of` reads a range of ids, which queries cannot be built for otherwise."""

    searcher: Searcher
    number: int  # of this state, in this process
    range_of: Any

    def ids(self, addresses: Iterable[Any]) -> list[str]:
        """The products at these places."""
        return [str(self.searcher.doc(address).get_first("id")) for address in addresses]

    def behind(self, product_id: str) -> Query:
        """Finds the products whose id comes after this one."""
        query: Query = self.range_of(f"id:{{{product_id} TO *}}")
        return query


class Finder:
    """Finds products in a moment of the index."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.shelves = lru_cache(2)(lambda tree: Shelves.of(tree, words))

    def find(self, moment: Moment, question: Question) -> Found:
        """A page."""
        asked, after = self.read(moment, question), question.after
        if not asked.wishes:
            return Found()
        filters = filters_of(question)
        relaxed = after is not None and after.relaxed
        query = filtered(asked.query(relaxed=relaxed), filters)
        counts = moment.searcher.aggregate(query, COUNTS)
        if after is None and asked.can_relax and not counts["categories"]["buckets"]:
            relaxed = True
            query = filtered(asked.query(relaxed=True), filters)
            counts = moment.searcher.aggregate(query, COUNTS)
        was_corrected = asked.text != fold(question.text).text if after is None else after.corrected
        page = Page(moment, query, question)
        hits, rank = page.by_relevance() if question.sort == "relevance" else (page.by_field(), 0)
        last = hits[question.limit - 1] if len(hits) > question.limit else None
        shown = hits[: question.limit]
        return Found(
            hits=page.scored(shown),
            total=sum(bucket["doc_count"] for bucket in counts["categories"]["buckets"]),
            categories={bucket["key"]: bucket["doc_count"] for bucket in counts["categories"]["buckets"]},
            prices=prices_in(counts),
            corrected=asked.text if was_corrected else None,
            next=Position(asked.text, was_corrected, relaxed, *last, rank, moment.number) if last else None,
            marker=Marks(asked, self.words),
        )

    def read(self, moment: Moment, question: Question) -> Asked:
        """The question, corrected where nothing can be meant by it."""
        shelves = self.shelves(question.tree)
        if question.after is not None:
            return Asked.read(question.after.text, self.words, shelves)
        asked = Asked.read(fold(question.text).text, self.words, shelves)
        for _ in range(ROUNDS):
            better = corrected(asked, moment.searcher)
            if better is None:
                break
            asked = Asked.read(better, self.words, shelves)
        return asked


def filters_of(question: Question) -> Filters:
    """What a product has to be besides; it does not count for its score."""
    filters: Filters = []
    if question.categories is not None:
        inside = Query.term_set_query(SCHEMA, "category", list(question.categories))
        filters.append((Occur.Must, inside if question.categories else Query.empty_query()))
    if question.min_price is not None or question.max_price is not None:
        low, high = (
            min(limit, HIGHEST)
            for limit in (question.min_price or 0, HIGHEST if question.max_price is None else question.max_price)
        )
        filters.append((Occur.Must, between("price", FieldType.Integer, low, high)))
    if question.hidden:
        filters.append((Occur.MustNot, Query.term_set_query(SCHEMA, "id", sorted(question.hidden))))
    return filters


def filtered(query: Query, filters: Filters) -> Query:
    """What `query` finds and the filters leave."""
    if not filters:
        return query
    free = [(occur, Query.const_score_query(each, 0.0) if occur == Occur.Must else each) for occur, each in filters]
    return Query.boolean_query([(Occur.Must, query), *free])


def between(field: str, kind: FieldType, low: float | None, high: float | None, *, apart: bool = False) -> Query:
    """Finds a range of values; without its ends when `apart`."""
    return Query.range_query(
        SCHEMA, field, kind, low, high, include_lower=low is None or not apart, include_upper=high is None or not apart
    )


def prices_in(counts: Any) -> list[tuple[int, int, int]]:
    """Price ranges with something in them."""
    found = [(bucket.get("from"), bucket.get("to"), bucket["doc_count"]) for bucket in counts["prices"]["buckets"]]
    return [(int(low), int(high), count) for low, high, count in found if count and low is not None and high]


@dataclass(frozen=True)
class Page:
    """One page of what a query finds: its keys and ids, one more than asked for when there is more."""

    moment: Moment
    query: Query
    question: Question

    @property
    def wanted(self) -> int:
        """How many hits tell the page and whether there is a next one."""
        return self.question.limit + 1

    def scored(self, keys: list[Key]) -> list[Hit]:
        """The hits with their scores, which an order by a field has not asked for."""
        if self.question.sort == "relevance" or not keys:
            return [Hit(product_id, score) for score, product_id in keys]
        mine = Query.const_score_query(Query.term_set_query(SCHEMA, "id", [product_id for _, product_id in keys]), 0.0)
        query = Query.boolean_query([(Occur.Must, self.query), (Occur.Must, mine)])
        found = self.moment.searcher.search(query, limit=len(keys), count=False, weight_by_field="tilt").hits
        ids = self.moment.ids(address for _, address in found)
        scores = dict(zip(ids, (score for score, _ in found), strict=True))
        return [Hit(product_id, scores[product_id]) for _, product_id in keys]

    # -------------------------------------------------------------------------------------------------- by relevance

    def by_relevance(self) -> tuple[list[Key], int]:
        """The page, and how many hits come before the next one."""
        after = self.question.after
        start = max(0, after.rank - SLACK) if after else 0
        size = self.wanted + (2 * SLACK if after else 0)
        while True:
            window, is_last = self.window(start, size)
            behind = [
                place for place, key in enumerate(window) if after is None or ranked(key) > (-after.key, after.id)
            ]
            first = behind[0] if behind else len(window)
            if start and first == 0:  # the page may begin before: the index has changed meanwhile
                start, size = 0, start + size
            elif not is_last and len(window) - first < self.wanted:
                size *= 2
            else:
                return window[first : first + self.wanted], start + first + self.question.limit

    def window(self, start: int, size: int) -> tuple[list[Key], bool]:
        """Hits from the `start`-th on, and whether there are no more behind them. Equal scores stand together: of those
        at its end some may be missing, hence they are left out.
        """
        search = self.moment.searcher.search
        found = search(self.query, limit=size, offset=start, count=False, weight_by_field="tilt").hits
        ids = self.moment.ids(address for _, address in found)
        keys = sorted(((score, product_id) for (score, _), product_id in zip(found, ids, strict=True)), key=ranked)
        if len(found) < size:
            return keys, True
        return [key for key in keys if key[0] != keys[-1][0]], False

    # ------------------------------------------------------------------------------------------------------ by a field

    def by_field(self) -> list[Key]:
        """The page: the rest of the products with the last value, then those behind it."""
        field, kind, order = ORDERS[self.question.sort]
        after, query = self.question.after, self.query
        keys: list[Key] = []
        if after is not None:
            keys = self.equal(after.key, self.wanted, after.id)
            ends = (after.key, None) if order == Order.Asc else (None, after.key)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, between(field, kind, *ends, apart=True))])
        missing = self.wanted - len(keys)
        if missing:
            keys += self.ordered(query, field, order, missing)
        return keys

    def ordered(self, query: Query, field: str, order: Order, count: int) -> list[Key]:
        """The first hits in the order of a field. Of the last value's products the search has taken any: ask again."""
        found = self.moment.searcher.search(query, limit=count, count=False, order_by_field=field, order=order).hits
        if not found:
            return []
        last = found[-1][0]
        whole = [(value, address) for value, address in found if value != last]
        ids = self.moment.ids(address for _, address in whole)
        keys = [(value, product_id) for (value, _), product_id in zip(whole, ids, strict=True)]
        keys.sort(key=lambda key: (key[0] if order == Order.Asc else -key[0], key[1]))
        return keys + self.equal(last, count - len(keys))

    def equal(self, value: float, count: int, behind: str | None = None) -> list[Key]:
        """The first products of one value, by id; those behind an id."""
        field, kind, _ = ORDERS[self.question.sort]
        clauses = [(Occur.Must, self.query), (Occur.Must, between(field, kind, value, value))]
        if behind is not None:
            clauses.append((Occur.Must, self.moment.behind(behind)))
        search = self.moment.searcher.search
        found = search(
            Query.boolean_query(clauses), limit=count, count=False, order_by_field="id", order=Order.Asc
        ).hits
        return [(value, product_id) for product_id, _ in found]


def ranked(key: Key) -> tuple[float, str]:
    """By score, the best first; ties by id."""
    return -key[0], key[1]
