"""Catalogs of any size: products put together from words, the n-th always the same for the same seed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from shop.catalog.model import Draft, Entry
from shop.contracts.shapes import Text
from shop.local.seed.chosen import Shelved, id_at, picture_of, rated, reviews_of, stock_word
from shop.local.seed.pictures import PALETTES, Drawing
from shop.local.seed.words import (
    AUTHORS,
    COLOURS,
    FEATURES,
    LINES,
    MAKERS,
    PUBLISHERS,
    RANGES,
    SUBTITLES,
    Kind,
    Range,
    Words,
)

__all__ = ["DRAWINGS", "generated", "id_of", "number_of", "sku_of"]

BEGAN = datetime(2019, 1, 1, tzinfo=UTC)
PACE = timedelta(seconds=20)  # from one product to the next: ten million of them are of the past
CATEGORIES = tuple(RANGES)
PALETTE_OF = {colour: palette for colour, _, palette in COLOURS}
DIGITS = 8
# Each category in all colours: one set of pictures for however many products.
DRAWINGS = [Drawing(category, palette) for category in CATEGORIES for palette in range(len(PALETTES))]
T = TypeVar("T")


def sku_of(seed: int, number: int) -> str:
    """The SKU of the `number`-th product: those of a seed sort by their number."""
    return f"S{seed}-{number:0{DIGITS}d}"


def number_of(sku: str) -> int:
    """The inverse of `sku_of`."""
    return int(sku[-DIGITS:])


def random_of(seed: int, number: int) -> Random:
    """What decides all of the `number`-th product, beginning with its id."""
    return Random(seed * 100_000_007 + number)  # noqa: S311 - to be the same every time


def moment_of(number: int) -> datetime:
    """When the `number`-th product came."""
    return BEGAN + number * PACE


def id_of(seed: int, number: int) -> str:
    """The id of the `number`-th product."""
    return id_at(moment_of(number), random_of(seed, number))


def generated(seed: int, numbers: range, stocked: int) -> Iterator[Shelved]:
    """Products of these numbers. Those from `stocked` on have no stock record, and nobody has reviewed them."""
    for number in numbers:
        yield product(seed, number, complete=number < stocked)


def product(seed: int, number: int, *, complete: bool) -> Shelved:
    """The `number`-th product; a complete one has stock and reviews."""
    random, moment = random_of(seed, number), moment_of(number)
    product_id = id_at(moment, random)
    category = pick(CATEGORIES, random)
    draft = drafted(sku_of(seed, number), category, random)
    palette = PALETTE_OF.get(draft.attributes.get("色", ""), number % len(PALETTES))
    entry = Entry(
        id=product_id,
        draft=draft,
        version=1,
        created_at=moment,
        updated_at=moment,
        pictures=(picture_of(product_id, Drawing(category, palette)),),
    )
    if not complete:
        return Shelved(entry, None, [])
    pieces = stock_at(random)
    return rated(entry.stocked(stock_word(pieces)), pieces, reviews_of(product_id, category, moment, random))


def stock_at(random: Random) -> int:
    """Pieces of a product: most have many, some few, some none."""
    dice = random.random()
    if dice < 0.05:
        return 0
    return random.randint(1, 5) if dice < 0.12 else random.randint(6, 300)


def drafted(sku: str, category: str, random: Random) -> Draft:
    """Something that the category could sell."""
    sold = RANGES[category]
    kind, style, size = pick(sold.kinds, random), pick(sold.styles, random), pick(sold.sizes, random)
    write = written if sold.sort in ("book", "tale") else made
    ja, en, attributes = write(sold, kind, style, size, random)
    _, _, least, most = kind
    price = least + int(random.random() * (most - least))
    return Draft(
        sku=sku,
        name=ja.name,
        description=ja.description,
        price=price - price % 10,
        category_id=category,
        status="active",
        attributes={**attributes, sold.style: style[0], sold.size: size[0]},
        translations={"en": en},
    )


def made(sold: Range, kind: Kind, style: Words, size: Words, random: Random) -> tuple[Text, Text, dict[str, str]]:
    """A thing of a maker's line, or food: its texts and attributes."""
    (maker, maker_en), (line, line_en) = pick(MAKERS, random), pick(LINES, random)
    thing, thing_en = kind[0].format(style[0]), kind[1].format(style[1])
    attributes = {"メーカー": maker}
    name, name_en = f"{maker}「{line}」{thing} {size[0]}", f"{maker_en} {line_en} {thing_en}, {size[1]}"
    if sold.sort in ("thing", "paper"):
        colour, colour_en, _ = pick(COLOURS, random)
        attributes["色"] = colour
        name, name_en = f"{name} {colour}", f"{name_en}, {colour_en}"
    about, about_en = praise(sold, random)
    return (
        Text(name=name, description=f"{maker}の「{line}」シリーズ、{thing}。{about}"),
        Text(
            name=name_en,
            description=f"{thing_en[0].upper()}{thing_en[1:]} of {maker_en}'s {line_en} series. {about_en}",
        ),
        attributes,
    )


def written(sold: Range, kind: Kind, style: Words, size: Words, random: Random) -> tuple[Text, Text, dict[str, str]]:
    """A book: its texts and attributes."""
    (author, author_en), (publisher, publisher_en) = pick(AUTHORS, random), pick(PUBLISHERS, random)
    title, title_en = kind[0].format(style[0]), kind[1].format(style[1])
    if sold.sort == "book":
        below, below_en = pick(SUBTITLES, random)
        title, title_en = f"{title} ― {below}", f"{title_en}: {below_en}"
    about, about_en = praise(sold, random)
    pages = 24 + 8 * int(random.random() * 5) if sold.sort == "tale" else 96 + 16 * int(random.random() * 24)
    return (
        Text(name=f"{title} {size[0]}", description=f"{author}著、{publisher}刊。{about}"),
        Text(name=f"{title_en}, {size[1]}", description=f"By {author_en}, {publisher_en}. {about_en}"),
        {"著者": author, "出版社": publisher, "ページ数": str(pages)},
    )


def praise(sold: Range, random: Random) -> Words:
    """Two different sentences, in both languages."""
    features = FEATURES[sold.sort]
    first = int(random.random() * len(features))
    second = (first + 1 + int(random.random() * (len(features) - 1))) % len(features)
    return features[first][0] + features[second][0], f"{features[first][1]} {features[second][1]}"


def pick(words: Sequence[T], random: Random) -> T:
    """One of them."""
    return words[int(random.random() * len(words))]
