"""Ranking, held against judgements of the seeded products."""

import pytest
from tests.support.searching import judgements, load, ndcg, search, until_seen

from shop.catalog import bulk
from shop.local.seed.chosen import chosen
from shop.local.seed.fill import CATEGORIES
from shop.runtime.postgres import Database

FLOOR = 0.85


@pytest.fixture(scope="module")
def seeded(run, catalog):
    """The shop as it is on its first day."""

    async def fill():
        await catalog.sql("delete from categories")
        async with Database(catalog.dsn) as db, db.transaction() as tx:
            await bulk.add_categories(tx, CATEGORIES)
        await load(catalog.dsn, [each.entry for each in chosen(1)])
        await until_seen(catalog.api, "kettle", 3)

    run(fill())


def test_the_order_of_products_is_as_good_as_promised(run, catalog, seeded):
    async def story():
        found = {}
        for query, grades in judgements().items():
            page = await search(catalog.api, query, limit=10)
            found[query] = ndcg(grades, [item["sku"] for item in page["items"]])
        return found

    found = run(story())
    assert len(found) >= 60
    worst = sorted(found.items(), key=lambda each: each[1])[:10]
    assert sum(found.values()) / len(found) >= FLOOR, worst


@pytest.mark.parametrize(
    ("query", "first", "total"),
    [
        # variants
        ("こーひー みる", ["DRI-0028"], 1),
        ("ｽﾋﾟｰｶｰ", ["SPE-0106", "SPE-0107"], 5),
        ("湯呑み", ["CUP-0017", "CUP-0020"], None),
        ("きゅうす", ["TEA-0036"], None),
        ("味噌汁", ["REC-0092"], None),
        # typos
        ("フライパソ", ["PAN-0001", "PAN-0005"], 5),
        ("万年必", ["PEN-0041", "PEN-0044"], None),
        ("headphnes", ["HEA-0101", "HEA-0103"], 5),
        ("keybaord", ["KEY-0111", "KEY-0112"], 5),
        # English
        ("fountain pen", ["PEN-0041", "PEN-0044"], None),
        ("WATERPROOF speakers", ["SPE-0107"], 1),
        ("miso soup", ["REC-0092"], None),
        # phrases
        ('"desk lamp"', ["LAM-0116"], 1),
        ("分散トレースを読む", ["OBS-0082"], 1),
        ("二人用テント", ["TEN-0061"], 1),
        # words for a category
        ("照明", ["LAM-0116", "LAM-0117", "LAM-0118", "LAM-0119", "LAM-0120"], 5),
        ("プログラミング", ["PRO-0086", "PRO-0087", "PRO-0088", "PRO-0089", "PRO-0090"], 5),
        ("料理の本", ["REC-0091", "REC-0092", "REC-0093", "REC-0094", "REC-0095"], 5),
        ("recipes", ["REC-0091", "REC-0092", "REC-0093", "REC-0094", "REC-0095"], 5),
    ],
)
def test_what_is_asked_for_comes_first(run, catalog, seeded, query, first, total):
    page = run(search(catalog.api, query))
    assert {item["sku"] for item in page["items"][: len(first)]} == set(first)
    assert total is None or page["total"] == total
