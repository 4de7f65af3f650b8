"""What the seed would write, without writing it."""

import re
from itertools import islice
from uuid import UUID
from xml.etree import ElementTree as ET

import msgspec
import pytest

from shop.catalog.model import Draft
from shop.catalog.routes.products import NewProductBody
from shop.kernel.clock import now
from shop.local.seed import chosen as picked
from shop.local.seed import many
from shop.local.seed.__main__ import LAST, MOST
from shop.local.seed.chosen import chosen
from shop.local.seed.many import generated, id_of, number_of, sku_of
from shop.local.seed.pictures import RED, SHAPES, SIZES, Drawing
from shop.local.seed.tree import TREE, root_of
from shop.local.seed.words import RANGES

FEW = range(2_000)
JAPANESE = re.compile("[぀-ヿ一-鿿]")
PARENTS = {branch.id: branch.parent for branch in TREE}
LEAVES = set(PARENTS) - set(PARENTS.values())


def everything():
    return [*chosen(1), *generated(1, FEW, 1_000)]


def depth(category: str) -> int:
    parent = PARENTS[category]
    return 0 if parent is None else 1 + depth(parent)


def test_the_tree_has_three_levels_and_goods_at_its_ends_only():
    assert {depth(category) for category in LEAVES} == {2}
    assert {root_of(category) for category in LEAVES} == {category for category in PARENTS if depth(category) == 0}
    assert {each.entry.draft.category_id for each in chosen(1)} == LEAVES == set(RANGES)


def test_there_are_120_different_products():
    drafts = [each.entry.draft for each in chosen(1)]
    for of in (lambda one: one.sku, lambda one: one.name, lambda one: one.translations["en"].name):
        assert len(set(map(of, drafts))) == 120


def test_every_product_is_what_an_admin_may_write():
    for each in everything():
        draft: Draft = each.entry.draft
        body = {
            "sku": draft.sku,
            "name": draft.name,
            "description": draft.description,
            "price": {"amount": draft.price, "currency": "JPY"},
            "categoryId": draft.category_id,
            "status": draft.status,
            "attributes": draft.attributes,
            "translations": msgspec.to_builtins(draft.translations),
            "initialStock": each.pieces or 0,
        }
        assert msgspec.json.decode(msgspec.json.encode(body), type=NewProductBody).draft() == draft
        assert 100 <= draft.price <= 100_000


def test_every_product_speaks_both_languages():
    for each in everything():
        draft = each.entry.draft
        english = draft.translations["en"]
        assert JAPANESE.search(draft.name + draft.description)
        assert english.name
        assert english.description
        assert not JAPANESE.search(english.name + english.description), english
        assert len(draft.attributes) >= 2


def test_ratings_are_those_of_the_reviews():
    for each in everything():
        entry = each.entry
        assert (entry.rating_count, entry.rating_sum) == (len(each.reviews), sum(one.rating for one in each.reviews))
        assert len({one.user_id for one in each.reviews}) == len(each.reviews)
        assert len({one.title for one in each.reviews}) == len(each.reviews)
        assert all(one.product_id == entry.id for one in each.reviews)
    assert sum(len(each.reviews) for each in chosen(1)) > 120


def test_some_products_are_scarce_and_some_are_sold_out():
    words = [each.entry.stock_status for each in chosen(1)]
    assert {word: words.count(word) for word in ("OUT_OF_STOCK", "LOW_STOCK")} == {"OUT_OF_STOCK": 4, "LOW_STOCK": 6}
    later = list(generated(1, range(2_000), 1_000))
    assert {each.entry.stock_status for each in later[:1_000]} == {"OUT_OF_STOCK", "LOW_STOCK", "IN_STOCK"}
    assert {(each.pieces, each.entry.stock_status, len(each.reviews)) for each in later[1_000:]} == {(None, None, 0)}


def test_the_same_seed_gives_the_same_and_another_gives_others():
    assert everything() == everything()
    assert list(generated(1, range(50, 60), 0)) == list(islice(generated(1, FEW, 0), 50, 60))
    assert not {each.entry.id for each in chosen(1)} & {each.entry.id for each in chosen(2)}
    one, other = ([each.entry.draft.name for each in generated(seed, FEW, 0)] for seed in (1, 2))
    assert one != other


def test_ids_sort_by_the_time_of_creation_which_is_past():
    entries = [each.entry for each in (*generated(1, FEW, 0), *chosen(1))]
    assert entries == sorted(entries, key=lambda entry: entry.id) == sorted(entries, key=lambda entry: entry.created_at)
    assert all(UUID(entry.id).version == 7 for entry in entries)
    assert all(entry.created_at < now() for entry in entries)
    (latest,) = generated(LAST, range(MOST - 1, MOST), 0)
    assert latest.entry.created_at < now()
    assert len(latest.entry.draft.sku) <= 40
    reviews = [review for each in everything() for review in each.reviews]
    assert all(review.created_at < "2026" for review in reviews)


def test_the_place_of_a_generated_product_is_in_its_sku_and_its_id_is_known_before():
    for number, each in enumerate(generated(3, FEW, 0)):
        assert each.entry.id == id_of(3, number)
        assert number_of(each.entry.draft.sku) == number
    assert sku_of(1, 9) < sku_of(1, 10) < sku_of(1, 99_999_999)


def test_most_generated_names_are_nobody_elses():
    names = [each.entry.draft.name for each in generated(1, range(20_000), 0)]
    assert len(set(names)) > 0.95 * len(names)


@pytest.mark.parametrize("shape", SHAPES)
def test_pictures_are_svg_that_runs_nothing_and_loads_nothing(shape):
    drawn = {edge: Drawing(shape, RED).svg(edge) for edge in SIZES.values()}
    for edge, each in drawn.items():
        root = ET.fromstring(each)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("width") == root.get("height") == str(edge)
        assert b"{" not in each
        assert not re.search(rb"href|script|<image|\son\w+=|@import", each)
    assert len(drawn) == 3


def test_every_shape_is_the_picture_of_something():
    assert {each.shape for each in (*picked.DRAWINGS, *many.DRAWINGS)} == set(SHAPES)


def test_every_product_has_a_picture_of_those_that_are_drawn():
    for products, drawings in ((chosen(1), picked.DRAWINGS), (generated(1, FEW, 1_000), many.DRAWINGS)):
        drawn = {each.folder for each in drawings}
        assert all(next(one.folder for one in each.entry.pictures) in drawn for each in products)


def test_no_two_hand_picked_products_look_alike():
    folders = [one.folder for each in chosen(1) for one in each.entry.pictures]
    assert len(set(folders)) == len(folders) == 120
