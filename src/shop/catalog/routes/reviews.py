"""HTTP in: what customers think of a product."""

from typing import Annotated

from msgspec import Meta

from shop.catalog import reviews, signals, store
from shop.catalog.model import AlreadyReviewed, ProductNotFound, Review, ReviewNotFound
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import may_see
from shop.kernel.clock import stamp
from shop.kernel.errors import Forbidden, PageTokenInvalid
from shop.kernel.ids import new_id
from shop.runtime.http import CUSTOMER, Body, Caller, Page, PageRequest, Routes
from shop.runtime.postgres import again_if_raced

__all__ = ["routes"]

routes = Routes("catalog")

NOBODY = "匿名"
Line = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class ReviewBody(Body):
    """What a customer thinks: 1 to 5 stars, and why. Without `author` it is anonymous."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    title: Line
    body: Annotated[str, Meta(min_length=1, max_length=5_000, pattern=r"\S")]
    author: Line = NOBODY


@routes.get("/products/{productId}/reviews", raises=[ProductNotFound, PageTokenInvalid])
async def list_reviews(catalog: Catalog, caller: Caller, page: PageRequest, product_id: str) -> Page[Review]:
    """What customers think of a product, newest first."""
    scope = f"/products/{product_id}/reviews"
    after = catalog.pages.open(scope, page.next_token) if page.next_token is not None else reviews.BEFORE_ALL
    status = await store.find_status(catalog.db, product_id)
    if status is None or not may_see(caller, status):
        raise ProductNotFound
    found = await reviews.find_page(catalog.db, product_id, after, page.limit + 1)
    token = catalog.pages.seal(scope, found[page.limit - 1][0]) if len(found) > page.limit else None
    return Page(items=[review for _, review in found[: page.limit]], next_token=token)


@routes.post("/products/{productId}/reviews", who=CUSTOMER, raises=[ProductNotFound, AlreadyReviewed])
async def post_review(catalog: Catalog, caller: Caller, product_id: str, body: ReviewBody) -> Review:
    """Review a product: once, as long as that review stands."""
    review = Review(
        id=new_id(),
        product_id=product_id,
        user_id=caller.user_id or "",
        author=body.author,
        rating=body.rating,
        title=body.title,
        body=body.body,
        created_at=stamp(),
    )

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            entry = await store.find_entry(tx, product_id, lock=True)
            if entry is None or not may_see(caller, entry.draft.status):
                raise ProductNotFound
            await reviews.add(tx, entry, review)

    await again_if_raced(write)
    signals.product_changed(product_id)
    return review


@routes.delete("/products/{productId}/reviews/{reviewId}", who=CUSTOMER, raises=[ProductNotFound, ReviewNotFound])
async def delete_review(catalog: Catalog, caller: Caller, product_id: str, review_id: str) -> None:
    """Take a review back: its author may, and an admin."""

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            entry = await store.find_entry(tx, product_id, lock=True)
            if entry is None or not may_see(caller, entry.draft.status):
                raise ProductNotFound
            review = await reviews.find(tx, product_id, review_id)
            if review is None:
                raise ReviewNotFound
            if review.user_id != caller.user_id and not caller.is_admin:
                raise Forbidden
            await reviews.remove(tx, entry, review)

    await again_if_raced(write)
    signals.product_changed(product_id)
