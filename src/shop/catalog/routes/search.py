"""HTTP in: searching, and the index that it is done with."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request

from shop.catalog.model import Product
from shop.catalog.routes.common import FRESH, Language, is_view
from shop.catalog.routes.lists import PriceLimit
from shop.catalog.search import signals
from shop.catalog.search.highlights import Texts, highlights
from shop.catalog.search.page import Searchable, answer
from shop.catalog.search.port import Found, IndexState, Position, Question, Sort
from shop.catalog.search.tree import NO_TREE, Tree
from shop.contracts.shapes import Shape
from shop.kernel.errors import PageTokenInvalid
from shop.runtime.http import ADMIN, Answer, Caller, PageRequest, Routes

__all__ = ["routes"]

routes = Routes("catalog")

_TEXTS = msgspec.json.Decoder(Texts)
_ENCODE = msgspec.json.Encoder().encode

Words = Annotated[str, Meta(min_length=1, max_length=200)]


class SearchHit(Product):
    """A product that was found. `highlights`: fragments of its texts by field: HTML, what was asked for in `<em>`."""

    score: float
    highlights: dict[str, list[str]]


class CategoryCount(Shape):
    """How many of the products found are in this very category."""

    id: str
    name: str
    count: int


class PriceCount(Shape):
    """How many of the products found cost at least `from` and less than `to` yen."""

    from_: int = msgspec.field(name="from")
    to: int
    count: int


class Facets(Shape):
    """Counts of all products found, by category and by price; what has none is left out."""

    categories: list[CategoryCount]
    prices: list[PriceCount]


class SearchPage(Shape):
    """Products found, the best first. `correctedQuery`: what was searched for instead, when `q` has a typo."""

    items: list[SearchHit]
    total: int
    facets: Facets
    corrected_query: str | None
    engine: str
    next_token: str | None


class SearchIndex(Shape):
    """The index of the process that answers. `lagSeconds`: since when it lacks something; `progress` is 0..1."""

    engine: str
    documents: int
    lag_seconds: float
    state: str
    progress: float


@routes.get("/products/search", raises=[PageTokenInvalid])
async def search_products(
    catalog: Searchable,
    *,
    caller: Caller,
    language: Language,
    request: Request,
    page: PageRequest,
    q: Words,
    category_id: str | None = None,
    min_price: PriceLimit | None = None,
    max_price: PriceLimit | None = None,
    sort: Sort = "relevance",
) -> Answer[SearchPage]:
    """Products that answer `q`, Japanese or English, however it is written.

    A word that no product has is corrected when one is a letter away. `categoryId` includes the categories below it.
    """
    scope = repr(("/products/search", q, category_id, min_price, max_price, sort))
    after = position(catalog, scope, page.next_token)
    question = Question(q, NO_TREE, None, min_price, max_price, sort, page.limit, after)
    found, products = await answer(catalog, question, category_id, language)
    if page.next_token is None and is_view(request, caller):
        signals.searched(q, found.total, corrected=found.corrected is not None)
    token = catalog.pages.seal(scope, found.next) if found.next else None
    return Answer(written(catalog, found, products, token, language), headers=FRESH)


def position(catalog: Searchable, scope: str, token: str | None) -> Position | None:
    """Where the page begins. PageTokenInvalid."""
    if token is None:
        return None
    try:
        return msgspec.convert(catalog.pages.open(scope, token), Position)
    except msgspec.ValidationError as error:  # made by another version of this service
        raise PageTokenInvalid from error


def written(
    catalog: Searchable, found: Found, products: dict[str, bytes], token: str | None, language: Language
) -> bytes:
    """A SearchPage: what the rows hold, with score and highlights put in."""
    items = [item(products[hit.id], hit.score, found) for hit in found.hits if hit.id in products]
    rest: dict[str, Any] = {
        "total": found.total,
        "facets": facets(found, catalog.shown.tree, language),
        "correctedQuery": found.corrected,
        "engine": catalog.engine.name,
        "nextToken": token,
    }
    return b"".join((b'{"items":[', b",".join(items), b"],", _ENCODE(rest)[1:]))


def item(product: bytes, score: float, found: Found) -> bytes:
    """A product's JSON with two members more."""
    marks = highlights(_TEXTS.decode(product), found.marker) if found.marker else {}
    return product[:-1] + b"," + _ENCODE({"score": score, "highlights": marks})[1:]


def facets(found: Found, tree: Tree, language: Language) -> Facets:
    """The counts, the largest category first."""
    counts = sorted(found.categories.items(), key=lambda each: (-each[1], each[0]))
    return Facets(
        categories=[
            CategoryCount(id=category, name=tree.names[category][language], count=count)
            for category, count in counts
            if category in tree.names
        ],
        prices=[PriceCount(from_=low, to=high, count=count) for low, high, count in found.prices],
    )


@routes.get("/search-index", who=ADMIN)
async def get_search_index(catalog: Searchable) -> SearchIndex:
    """How the index is that this process searches."""
    return index_of(catalog.engine.name, catalog.engine.state())


@routes.post("/search-index/rebuild", who=ADMIN, status=202)
async def rebuild_search_index(catalog: Searchable) -> SearchIndex:
    """Build the indexes of all processes anew. Searching goes on; `GET /search-index` shows how far it is."""
    await catalog.engine.rebuild()
    return index_of(catalog.engine.name, catalog.engine.state())


def index_of(engine: str, state: IndexState) -> SearchIndex:
    """The state as it is told."""
    return SearchIndex(
        engine=engine,
        documents=state.documents,
        lag_seconds=state.behind,
        state=state.state,
        progress=state.progress,
    )
