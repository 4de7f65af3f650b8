"""Catalogs of any size: products put together from words, the n-th always the same for the same seed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from shop.catalog.model import Draft, Entry
from shop.contracts.shapes import Text
from shop.local.seed.chosen import id_at, picture_of, stock_word
from shop.local.seed.goods import GOODS
from shop.local.seed.words import FEATURES, KINDS, MAKERS, MATERIALS

__all__ = ["generated", "prefix", "stock_at"]

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)  # one product a minute from then on
CATEGORIES = tuple(dict.fromkeys(good.category for good in GOODS))


def prefix(seed: int) -> str:
    """What the SKUs of a seed's products begin with."""
    return f"S{seed}-"


def stock_at(random: Random) -> int:
    """Pieces of a product: most have many, some few, some none."""
    dice = random.random()
    if dice < 0.05:
        return 0
    return random.randint(1, 5) if dice < 0.12 else random.randint(6, 300)


def generated(seed: int, first: int, last: int, stocked: int) -> Iterator[tuple[Entry, int | None]]:
    """Products `first` to `last` - 1 with their pieces; those from `stocked` on have no stock record."""
    for number in range(first, last):
        random = Random(seed * 1_000_003 + number)  # noqa: S311 - to be the same every time
        yield product(seed, number, random, with_stock=number < stocked)


def product(seed: int, number: int, random: Random, *, with_stock: bool) -> tuple[Entry, int | None]:
    """The `number`-th product."""
    category = CATEGORIES[int(random.random() * len(CATEGORIES))]
    maker_ja, maker_en = pick(MAKERS, random)
    material_ja, material_en = pick(MATERIALS, random)
    kind_ja, kind_en, least, most = pick(KINDS[category], random)
    feature_ja, feature_en = pick(FEATURES, random)
    moment = BEGAN + timedelta(minutes=number)
    product_id = id_at(moment, random)
    pieces = stock_at(random)
    price = least + int(random.random() * (most - least))
    draft = Draft(
        sku=f"{prefix(seed)}{number:07d}",
        name=f"{maker_ja} {material_ja}の{kind_ja}",
        description=f"{maker_ja}がつくる{material_ja}の{kind_ja}。{feature_ja}",
        price=price - price % 10,
        category_id=category,
        status="active",
        attributes={"メーカー": maker_ja, "素材": material_ja},
        translations={
            "en": Text(
                name=f"{maker_en} {material_en} {kind_en}",
                description=f"A {material_en} {kind_en} made by {maker_en}. {feature_en}",
            )
        },
    )
    entry = Entry(
        id=product_id,
        draft=draft,
        version=1,
        created_at=moment,
        updated_at=moment,
        pictures=(picture_of(product_id, category, number),),
        stock_status=stock_word(pieces) if with_stock else None,
    )
    return entry, pieces if with_stock else None


def pick(words: tuple[tuple, ...], random: Random) -> tuple:  # type: ignore[type-arg]  # tables of several widths
    """One of them."""
    return words[int(random.random() * len(words))]
