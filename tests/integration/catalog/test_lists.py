"""Lists of products: orders, filters, pages that stay stable, and what each page costs."""

import itertools
import json
import random

import asyncpg
import pytest

from shop.catalog import listing

SORTS = {
    "newest": lambda item: (-int(item["attributes"]["age"]), item["id"]),
    "priceAsc": lambda item: (item["price"]["amount"], item["id"]),
    "priceDesc": lambda item: (-item["price"]["amount"], item["id"]),
    "rating": lambda item: (-item["rating"]["average"], item["id"]),
}


@pytest.fixture(scope="module")
def shelf(run, catalog):
    """Sixty products with many ties, spread over the categories; a draft of each kind between them."""
    rng = random.Random(7)

    async def fill():
        made = []
        for number in range(60):
            category = rng.choice(["kitchen", "pans", "egg-pans", "books"])
            price = {"amount": rng.choice([500, 1_000, 1_000, 2_000, 3_000]), "currency": "JPY"}
            age = {"age": str(number // 5)}
            product = await catalog.create(categoryId=category, price=price, attributes=age, status="active")
            stars = rng.choice([0, 0, 1, 3])
            await catalog.sql(
                "update products set rating_count = $2::int, rating_sum = 2 * $2::int, "
                "created_at = timestamptz '2026-01-01' + $3::int * interval '1 hour' where id = $1",
                product["id"],
                stars,
                number // 5,
            )
            made.append(product["id"])
        await catalog.create(status="draft", categoryId="pans")
        return made

    return run(fill())


async def every_page(catalog, path, limit, token=None):
    """All items of a list, page by page."""
    items, next_token = [], None
    joint = "&" if "?" in path else "?"
    while True:
        more = f"&nextToken={next_token}" if next_token else ""
        answer = await catalog.get(f"{path}{joint}limit={limit}{more}", token=token)
        assert answer.status == 200, answer.body
        items += answer.json["items"]
        next_token = answer.json["nextToken"]
        if next_token is None:
            return items


def rating_of(catalog, run):
    rows = run(catalog.sql("select id, rating from products"))
    return {row["id"]: row["rating"] for row in rows}


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("sort", list(SORTS))
def test_pages_together_are_the_whole_list_in_order(run, catalog, shelf, sort, limit):
    items = run(every_page(catalog, f"/products?sort={sort}", limit))
    ratings = rating_of(catalog, run)
    for item in items:
        item["rating"]["average"] = ratings[item["id"]]
    assert sorted(item["id"] for item in items) == sorted(shelf)
    assert [item["id"] for item in items] == [item["id"] for item in sorted(items, key=SORTS[sort])]


@pytest.mark.parametrize("sort", list(SORTS))
def test_a_category_includes_what_is_below_it(run, catalog, shelf, sort):
    async def story():
        everything = await every_page(catalog, f"/products?sort={sort}", 100)
        for category, inside in (
            ("kitchen", {"kitchen", "pans", "egg-pans"}),
            ("pans", {"pans", "egg-pans"}),
            ("egg-pans", {"egg-pans"}),
            ("books", {"books"}),
        ):
            expected = [item["id"] for item in everything if item["categoryId"] in inside]
            assert expected
            for path in (
                f"/products?categoryId={category}&sort={sort}",
                f"/categories/{category}/products?sort={sort}",
            ):
                items = await every_page(catalog, path, 4)
                assert [item["id"] for item in items] == expected
            alone = await every_page(catalog, f"/categories/{category}/products?sort={sort}&recursive=false", 50)
            assert {item["categoryId"] for item in alone} == {category}

    run(story())


@pytest.mark.parametrize("sort", list(SORTS))
@pytest.mark.parametrize("category", ["", "&categoryId=kitchen"])
def test_price_limits_include_their_ends(run, catalog, shelf, sort, category):
    async def story():
        everything = await every_page(catalog, f"/products?sort={sort}{category}", 100)
        for low, high in ((1_000, 2_000), (None, 999), (2_001, None), (0, 10**17)):
            limits = "".join(
                f"&{name}={value}" for name, value in (("minPrice", low), ("maxPrice", high)) if value is not None
            )
            expected = [
                item["id"]
                for item in everything
                if (low or 0) <= item["price"]["amount"] <= (10**9 if high is None else high)
            ]
            items = await every_page(catalog, f"/products?sort={sort}{category}{limits}", 3)
            assert [item["id"] for item in items] == expected

    run(story())


def test_a_page_goes_on_where_it_was_while_rows_come_and_go(run, catalog, shelf):
    async def story():
        before = [item["id"] for item in await every_page(catalog, "/products?sort=priceAsc", 100)]
        first = (await catalog.get("/products?sort=priceAsc&limit=10")).json
        cheap = await catalog.create(price={"amount": 1, "currency": "JPY"})
        last_shown = first["items"][-1]["id"]
        await catalog.sql("update products set status = 'archived' where id = $1", last_shown)
        second = (await catalog.get(f"/products?sort=priceAsc&limit=10&nextToken={first['nextToken']}")).json
        assert [item["id"] for item in second["items"]] == before[10:20]
        await catalog.sql("update products set status = 'active' where id = $1", last_shown)
        await catalog.api.call("DELETE", f"/products/{cheap['id']}", token=catalog.admin)

    run(story())


def test_a_token_is_good_for_its_own_list_alone(run, catalog, shelf):
    async def story():
        token = (await catalog.get("/products?limit=2")).json["nextToken"]
        for path in (
            "/products?sort=rating",
            "/products?minPrice=1",
            "/products?categoryId=pans",
            "/categories/pans/products?limit=2",
        ):
            joint = "&" if "?" in path else "?"
            answer = await catalog.get(f"{path}{joint}nextToken={token}")
            assert (answer.status, answer.code) == (400, "PAGE_TOKEN_INVALID")
        bent = [token[:-1] + other for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef" if other != token[-1]]
        for forged in (*bent, token + "A", token + "%3D", "!" + token, token.swapcase(), "x", "-1", "%E3%81%82", "e30"):
            answer = await catalog.get("/products?nextToken=" + forged)
            assert (answer.status, answer.code) == (400, "PAGE_TOKEN_INVALID"), forged

    run(story())


@pytest.mark.parametrize("path", ["/products/none/reviews", "/categories/none/products"])
def test_a_forged_token_is_told_before_that_there_is_no_such_thing(run, catalog, path):
    forged = run(catalog.get(f"{path}?nextToken=AAAA"))
    assert (forged.status, forged.code) == (400, "PAGE_TOKEN_INVALID")
    assert run(catalog.get(path)).status == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1.0", "sort=best", "minPrice=-1", "maxPrice=cheap"]
)
def test_a_bad_value_of_a_known_parameter_is_422_and_an_unknown_one_is_ignored(run, catalog, query):
    answer = run(catalog.get(f"/products?{query}&utm_source=mail"))
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert run(catalog.get("/products?utm_source=mail")).status == 200


def test_an_unknown_category_has_no_products_and_no_page_of_its_own(run, catalog):
    assert run(catalog.get("/products?categoryId=none")).json == {"items": [], "nextToken": None}
    absent = run(catalog.get("/categories/none/products"))
    assert (absent.status, absent.code) == (404, "CATEGORY_NOT_FOUND")


def test_a_list_shows_products_exactly_as_they_are(run, catalog, shelf):
    async def story():
        for language in ("ja", "en"):
            listed = (await catalog.get("/products?limit=3", headers={"accept-language": language})).json["items"]
            for item in listed:
                alone = await catalog.get(f"/products/{item['id']}", headers={"accept-language": language})
                assert alone.json == item

    run(story())


INDEXES = {"newest": "newest", "priceAsc": "cheapest", "priceDesc": "dearest", "rating": "best"}


def test_every_list_is_a_range_of_its_index_with_many_products(run, catalog, shelf):
    """As the planner sees it: a page deep inside is found, not counted off, and the table is never read through."""

    async def story():
        plans = await plans_with_many_products(catalog.dsn)
        for (sort, _, of_categories), plan in plans.items():
            used = {node["Index Name"] for node in nodes(plan) if node.get("Relation Name") == "products"}
            assert f"products_{INDEXES[sort]}{'_of_category' if of_categories else ''}" in used
            assert not [node for node in nodes(plan) if node["Node Type"] == "Seq Scan"]

    run(story())


async def plans_with_many_products(dsn):
    """The plan of each of the lists, by sort, price filter, category filter."""
    connection = await asyncpg.connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(MANY_CATEGORIES)
        await connection.execute(MANY)
        await connection.execute("analyze products")
        plans = {}
        for sort, priced, of_categories in itertools.product(SORTS, (False, True), (False, True)):
            sql = listing.page_query(sort, "ja", priced=priced, of_categories=of_categories)
            values = ["active", MIDDLE[sort], "m", 21]
            values += [500, 2_500] if priced else []
            values += [["shelf-1", "shelf-2"]] if of_categories else []
            rows = await connection.fetch("explain (format json) " + sql, *values)
            plans[sort, priced, of_categories] = json.loads(rows[0][0])[0]["Plan"]
        await transaction.rollback()
        return plans
    finally:
        await connection.close()


MIDDLE = {"newest": -1_768_000_000_000, "priceAsc": 1_500, "priceDesc": -1_500, "rating": -2.0}
MANY_CATEGORIES = """
insert into categories (id, path, name, translations, root_label)
select 'shelf-' || n, array['shelf-' || n], '', '{}', '_OTHER' from generate_series(0, 49) n
"""
MANY = """
insert into products (id, sku, name, description, price, category_id, status, attributes, translations, version,
                      created_at, updated_at, json_ja, json_en, rating_count, rating_sum)
select 'many-' || n, 'many-' || n, '', '', 100 + n % 3000, 'shelf-' || n % 50,
       'active', '{}', '{}', 1, timestamptz '2026-01-01' + n * interval '1 minute', now(), '', '', 2, 2 + n % 8
from generate_series(1, 20000) n
"""


def nodes(plan):
    """A plan's nodes, itself first."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)
