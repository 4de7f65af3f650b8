"""HTTP in: what customers think of a product."""

from shop.catalog import store
from shop.catalog.model import ProductNotFound, Review
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import may_see
from shop.kernel.errors import PageTokenInvalid
from shop.runtime.http import Caller, Page, PageRequest, Routes

__all__ = ["routes"]

routes = Routes("catalog")


@routes.get("/products/{productId}/reviews", raises=[ProductNotFound, PageTokenInvalid])
async def list_reviews(catalog: Catalog, caller: Caller, page: PageRequest, product_id: str) -> Page[Review]:
    """What customers think of a product, newest first."""
    entry = await store.find_entry(catalog.db, product_id)
    if entry is None or not may_see(caller, entry.draft.status):
        raise ProductNotFound
    scope = f"/products/{product_id}/reviews"
    after = catalog.pages.open(scope, page.next_token) if page.next_token is not None else store.BEFORE_ALL_REVIEWS
    found = await store.find_reviews(catalog.db, product_id, after, page.limit + 1)
    token = catalog.pages.seal(scope, found[page.limit - 1][0]) if len(found) > page.limit else None
    return Page(items=[review for _, review in found[: page.limit]], next_token=token)
