"""The hand-picked 120: their ids, stock and reviews, the same for the same seed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from shop.catalog.model import Draft, Entry, Picture, Review
from shop.contracts.shapes import StockStatus, Text
from shop.inventory.model import DEFAULT_THRESHOLD
from shop.kernel.clock import stamp
from shop.local.seed.goods import GOODS
from shop.local.seed.pictures import CONTENT_TYPE, EDGE, Drawing
from shop.local.seed.reviews import AUTHORS, OPINIONS
from shop.local.seed.tree import root_of

__all__ = ["DRAWINGS", "Shelved", "chosen", "id_at", "picture_of", "rated", "reviews_of", "stock_word"]

OPENED = datetime(2024, 4, 1, tzinfo=UTC)  # the shop's first day; products came one every six hours
LEAST, MOST = 25, 240  # pieces of what is well stocked
SCARCE = {7: 0, 13: 3, 19: 0, 31: 5, 44: 2, 58: 0, 73: 4, 88: 1, 97: 0, 110: 3}  # place in GOODS -> pieces
USUAL = 5  # palettes that anything looks good in
OPINIONATED = (0, 1, 2, 2, 3, 5)  # how many say something


@dataclass(frozen=True, slots=True)
class Shelved:
    """A product with the pieces there are of it (None: inventory does not know it) and what customers think."""

    entry: Entry
    pieces: int | None
    reviews: list[Review]


def rated(entry: Entry, pieces: int, reviews: list[Review]) -> Shelved:
    """A product whose rating is that of its reviews."""
    total = sum(review.rating for review in reviews)
    return Shelved(msgspec.structs.replace(entry, rating_sum=total, rating_count=len(reviews)), pieces, reviews)


def id_at(moment: datetime, random: Random) -> str:
    """A UUIDv7 of that moment, the rest of it drawn from `random`."""
    value = int(moment.timestamp() * 1000) << 80 | random.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def picture_of(product_id: str, drawing: Drawing) -> Picture:
    """A product's picture, finished; others may have the same drawing."""
    return Picture(
        id=product_id, status="ready", folder=drawing.folder, content_type=CONTENT_TYPE, width=EDGE, height=EDGE
    )


def stock_word(pieces: int) -> StockStatus:
    """What the shop window says."""
    return "OUT_OF_STOCK" if pieces == 0 else "LOW_STOCK" if pieces <= DEFAULT_THRESHOLD else "IN_STOCK"


def chosen(seed: int) -> list[Shelved]:
    """All of them, oldest first."""
    random = Random(seed)  # noqa: S311 - to be the same every time
    return [shelved(place, random) for place in range(len(GOODS))]


def shelved(place: int, random: Random) -> Shelved:
    """The product at a place of GOODS."""
    good, moment = GOODS[place], OPENED + timedelta(hours=6 * place)
    product_id = id_at(moment, random)
    pieces = SCARCE.get(place, random.randint(LEAST, MOST))
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
        pictures=(picture_of(product_id, drawing_of(place)),),
        stock_status=stock_word(pieces),
    )
    return rated(entry, pieces, reviews_of(product_id, good.category, moment, random))


def drawing_of(place: int) -> Drawing:
    """The picture of the product at a place of GOODS."""
    good = GOODS[place]
    return Drawing(good.shape or good.category, place % USUAL if good.palette is None else good.palette)


def reviews_of(product_id: str, category: str, moment: datetime, random: Random) -> list[Review]:
    """Up to five different opinions of different people, the oldest first."""
    count = random.choice(OPINIONATED)
    opinions = random.sample(OPINIONS[root_of(category)], count)
    found = []
    for author, (title, body, rating) in zip(random.sample(range(len(AUTHORS)), count), opinions, strict=True):
        moment += timedelta(hours=random.randint(9, 90))
        found.append(
            Review(
                id=id_at(moment, random),
                product_id=product_id,
                user_id=f"seed-{author + 1:02d}",
                author=AUTHORS[author],
                rating=rating,
                title=title,
                body=body,
                created_at=stamp(moment),
            )
        )
    return found


DRAWINGS = list(dict.fromkeys(drawing_of(place) for place in range(len(GOODS))))
