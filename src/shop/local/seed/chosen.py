"""The hand-picked 120: their ids, stock and reviews, the same for the same seed."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from shop.catalog.model import Draft, Entry, Picture, Review
from shop.contracts.shapes import StockStatus, Text
from shop.kernel.clock import stamp
from shop.local.seed.goods import GOODS
from shop.local.seed.pictures import CONTENT_TYPE, EDGE, PALETTES
from shop.local.seed.reviews import AUTHORS, OPINIONS

__all__ = ["Shelved", "chosen", "folder_of", "id_at"]

OPENED = datetime(2026, 9, 1, tzinfo=UTC)  # the shop's first day; products came one every six hours
LEAST, MOST = 25, 240  # pieces of what is well stocked
SCARCE = {7: 0, 13: 3, 19: 0, 31: 5, 44: 2, 58: 0, 73: 4, 88: 1, 97: 0, 110: 3}  # place in GOODS -> pieces
THRESHOLD = 5


class Shelved:
    """A product with what there is of it and what customers think."""

    __slots__ = ("entry", "reviews", "stock")

    def __init__(self, entry: Entry, stock: int, reviews: list[Review]) -> None:
        self.entry, self.stock, self.reviews = entry, stock, reviews


def id_at(moment: datetime, random: Random) -> str:
    """A UUIDv7 of that moment, the rest of it drawn from `random`."""
    value = int(moment.timestamp() * 1000) << 80 | random.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def folder_of(category: str, variant: int) -> str:
    """Where S3 has the drawing of a category in these colours, in its three sizes."""
    return f"seed/{category}-{variant % len(PALETTES)}"


def picture_of(product_id: str, category: str, variant: int) -> Picture:
    """A finished picture."""
    return Picture(
        id=product_id,
        status="ready",
        folder=folder_of(category, variant),
        content_type=CONTENT_TYPE,
        width=EDGE,
        height=EDGE,
    )


def stock_word(pieces: int) -> StockStatus:
    """What the shop window says."""
    return "OUT_OF_STOCK" if pieces == 0 else "LOW_STOCK" if pieces <= THRESHOLD else "IN_STOCK"


def chosen(seed: int) -> list[Shelved]:
    """All of them, oldest first."""
    random = Random(seed)  # noqa: S311 - to be the same every time
    return [shelved(place, random) for place in range(len(GOODS))]


def shelved(place: int, random: Random) -> Shelved:
    """The product at a place of GOODS."""
    good, moment = GOODS[place], OPENED + timedelta(hours=6 * place)
    product_id = id_at(moment, random)
    pieces = SCARCE.get(place, random.randint(LEAST, MOST))
    reviews = reviews_of(product_id, moment, random)
    draft = Draft(
        sku=f"{good.category[:3].upper()}-{place + 1:04d}",
        name=good.ja,
        description=good.about_ja,
        price=good.price,
        category_id=good.category,
        status="active",
        attributes=good.attributes,
        translations={"en": Text(name=good.en, description=good.about_en)},
    )
    entry = Entry(
        id=product_id,
        draft=draft,
        version=1,
        created_at=moment,
        updated_at=moment,
        pictures=(picture_of(product_id, good.category, place),),
        rating_sum=sum(review.rating for review in reviews),
        rating_count=len(reviews),
        stock_status=stock_word(pieces),
    )
    return Shelved(entry, pieces, reviews)


def reviews_of(product_id: str, moment: datetime, random: Random) -> list[Review]:
    """Up to five opinions of different people."""
    found = []
    for author in random.sample(AUTHORS, random.choice((0, 1, 2, 2, 3, 5))):
        moment += timedelta(hours=random.randint(9, 90))
        title, body, rating = random.choice(OPINIONS)
        found.append(
            Review(
                id=id_at(moment, random),
                product_id=product_id,
                user_id=f"seed-{AUTHORS.index(author) + 1:02d}",
                author=author,
                rating=rating,
                title=title,
                body=body,
                created_at=stamp(moment),
            )
        )
    return found
