"""The tree of categories, changed over HTTP."""

import asyncio
from uuid import uuid4

import pytest
from tests.integration.catalog.conftest import a_product


async def add(catalog, parent=None, name="棚", **more):
    """A category that is there now."""
    body = {"name": name, "parentId": parent, **more}
    answer = await catalog.api.call("POST", "/categories", body, token=catalog.admin)
    assert answer.status == 201, answer.body
    return answer.json


async def put(catalog, category, **more):
    """A PUT of a category; it stays where and as it was unless told otherwise."""
    headers = more.pop("headers", None)
    body = {"name": category["name"], "parentId": category["parentId"]} | more
    return await catalog.api.call("PUT", f"/categories/{category['id']}", body, token=catalog.admin, headers=headers)


async def read(catalog, category):
    return (await catalog.get(f"/categories/{category['id']}")).json


async def listed(catalog, *categories):
    """The ids of these categories' products, as a list shows them."""
    found = []
    for category in categories:
        answer = await catalog.get(f"/categories/{category['id']}/products?limit=100")
        found.append({item["id"] for item in answer.json["items"]})
    return found


def test_a_category_is_made_read_renamed_and_deleted(run, catalog):
    async def story():
        answer = await catalog.api.call(
            "POST",
            "/categories",
            {"name": "文房具", "translations": {"en": {"name": "Stationery"}}},
            token=catalog.admin,
        )
        made = answer.json
        assert (answer.status, answer.headers["location"]) == (201, f"/categories/{made['id']}")
        assert made == {
            "id": made["id"],
            "name": "文房具",
            "parentId": None,
            "path": [made["id"]],
            "depth": 0,
            "productCount": 0,
            "translations": {"en": {"name": "Stationery"}},
            "version": 1,
        }
        path = answer.headers["location"]
        shown = await catalog.get(path)
        assert (shown.json, shown.headers["etag"]) == (made, answer.headers["etag"])
        assert (await catalog.get(path, headers={"accept-language": "en"})).json["name"] == "Stationery"
        renamed = await put(catalog, made, name="筆記具")
        assert (renamed.status, renamed.json["version"], renamed.json["translations"]) == (200, 2, {})
        assert (await catalog.api.call("DELETE", path, token=catalog.admin)).status == 204
        for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
            gone = await catalog.api.call(method, path, body, token=catalog.admin)
            assert (gone.status, gone.code) == (404, "CATEGORY_NOT_FOUND")

    run(story())


def test_a_tree_of_twelve_levels_is_counted_listed_and_moved_as_one(run, catalog):
    async def story():
        chain = [await add(catalog, name="段 0")]
        for level in range(1, 12):
            chain.append(await add(catalog, chain[-1]["id"], name=f"段 {level}"))
        products = [(await catalog.create(categoryId=category["id"]))["id"] for category in chain]
        shown = [await read(catalog, category) for category in chain]
        assert [category["depth"] for category in shown] == list(range(12))
        assert shown[-1]["path"] == [category["id"] for category in chain]
        assert [category["productCount"] for category in shown] == list(range(12, 0, -1))
        assert await listed(catalog, chain[0], chain[6]) == [set(products), set(products[6:])]

        elsewhere = await add(catalog, name="別の棚")
        moved = await put(catalog, chain[6], parentId=elsewhere["id"])
        assert (moved.status, moved.json["path"]) == (200, [elsewhere["id"], chain[6]["id"]])
        leaf = await read(catalog, chain[11])
        assert leaf["path"] == [elsewhere["id"], *(category["id"] for category in chain[6:])]
        assert [(await read(catalog, category))["productCount"] for category in (chain[0], elsewhere)] == [6, 6]
        assert await listed(catalog, chain[0], elsewhere) == [set(products[:6]), set(products[6:])]

        root = await put(catalog, chain[6], parentId=None)
        assert (root.json["path"], root.json["depth"]) == ([chain[6]["id"]], 0)
        assert (await read(catalog, chain[7]))["depth"] == 1
        nodes = (await catalog.get("/categories?tree=true")).json["items"]
        depth, node = 0, next(each for each in nodes if each["id"] == chain[6]["id"])
        while node["children"]:
            depth, node = depth + 1, node["children"][0]
        assert (depth, node["id"], node["productCount"]) == (5, chain[11]["id"], 1)

    run(story())


def test_a_tree_may_be_deeper_than_python_recurses(run, catalog):
    async def story():
        root = f"deep-{uuid4().hex[:6]}"
        await catalog.sql(
            "insert into categories (id, parent_id, path, name, translations, root_label) "
            "select $1 || n, case when n > 0 then $1 || (n - 1) end, "
            "array(select $1 || i from generate_series(0, n) i), '', '{}', '_OTHER' from generate_series(0, 1500) n",
            root,
        )
        answer = await catalog.get("/categories?tree=true")
        assert answer.status == 200
        assert f'"id":"{root}1500"'.encode() in answer.body
        await catalog.sql("delete from categories where id like $1 || '%'", root)

    run(story())


def test_no_category_ever_lies_in_itself(run, catalog):
    async def story():
        top = await add(catalog)
        middle = await add(catalog, top["id"])
        leaf = await add(catalog, middle["id"])
        for below in (top, middle, leaf):
            answer = await put(catalog, top, parentId=below["id"])
            assert (answer.status, answer.code) == (409, "CATEGORY_CYCLE")
        assert (await read(catalog, leaf))["path"] == [top["id"], middle["id"], leaf["id"]]

    run(story())


def test_moves_at_the_same_time_never_make_a_cycle(run, catalog):
    async def story():
        for _ in range(5):
            first, second = await add(catalog), await add(catalog)
            answers = await asyncio.gather(
                put(catalog, first, parentId=second["id"]), put(catalog, second, parentId=first["id"])
            )
            assert sorted(answer.status for answer in answers) == [200, 409]
            paths = [(await read(catalog, category))["path"] for category in (first, second)]
            assert sorted(map(len, paths)) == [1, 2]

    run(story())


def test_a_category_is_deleted_only_when_nothing_is_in_it(run, catalog):
    async def story():
        parent = await add(catalog)
        child = await add(catalog, parent["id"])
        product = await catalog.create(categoryId=child["id"], status="draft")
        for category in (parent, child):
            answer = await catalog.api.call("DELETE", f"/categories/{category['id']}", token=catalog.admin)
            assert (answer.status, answer.code) == (409, "CATEGORY_NOT_EMPTY")
        await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin)
        for category in (child, parent):
            answer = await catalog.api.call("DELETE", f"/categories/{category['id']}", token=catalog.admin)
            assert answer.status == 204

    run(story())


def test_a_category_that_goes_while_products_come_leaves_no_product_without_one(run, catalog):
    async def story():
        for _ in range(3):
            category = await add(catalog)
            made, gone = await asyncio.gather(
                catalog.api.call("POST", "/products", a_product(categoryId=category["id"]), token=catalog.admin),
                catalog.api.call("DELETE", f"/categories/{category['id']}", token=catalog.admin),
            )
            assert (made.status, gone.status) in [(201, 409), (422, 204)]

    run(story())


def test_if_match_holds_for_categories(run, catalog):
    async def story():
        category = await add(catalog)
        tag = (await catalog.get(f"/categories/{category['id']}")).headers["etag"]
        await catalog.create(categoryId=category["id"])
        first = await put(catalog, category, name="一", headers={"if-match": tag})
        assert first.status == 200, "a count that changed is no new version"
        stale = await put(catalog, category, name="二", headers={"if-match": tag})
        assert (stale.status, stale.code) == (412, "VERSION_MISMATCH")
        again = await catalog.api.call(
            "DELETE", f"/categories/{category['id']}", token=catalog.admin, headers={"if-match": tag}
        )
        assert again.status == 412

    run(story())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "名" * 201}, "name"),
        ({"name": None}, "name"),
        ({"parentId": "no-such"}, "parentId"),
        ({"parentId": 7}, "parentId"),
        ({"translations": {"fr": {"name": "Cuisine"}}}, "translations"),
        ({"translations": {"en": {"name": ""}}}, "translations"),
        ({"colour": "red"}, "colour"),
        ({"productCount": 3}, "productCount"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_category_is_named(run, catalog, changes, field):
    async def story():
        category = await add(catalog)
        for method, path in (("POST", "/categories"), ("PUT", f"/categories/{category['id']}")):
            answer = await catalog.api.call(method, path, {"name": "棚"} | changes, token=catalog.admin)
            assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
            assert answer.json["errors"][0]["field"].startswith(field)

    run(story())


def test_only_admins_change_the_tree(run, catalog):
    async def story():
        category = await add(catalog)
        path = f"/categories/{category['id']}"
        for method, where, body in (("POST", "/categories", {"name": "x"}), ("PUT", path, {"name": "x"})):
            assert (await catalog.api.call(method, where, body)).status == 401
            assert (await catalog.api.call(method, where, body, token=catalog.customer)).status == 403
        assert (await catalog.api.call("DELETE", path, token=catalog.customer)).status == 403

    run(story())


def test_metrics_tell_the_first_twenty_roots_apart_whatever_becomes_of_them(run, catalog):
    async def labels():
        rows = await catalog.sql("select id, parent_id, root_label, path from categories order by position")
        roots = [row["id"] for row in rows if row["parent_id"] is None]
        for row in rows:
            assert row["root_label"] == (row["path"][0] if row["path"][0] in roots[:20] else "_OTHER"), row
        return roots

    async def story():
        while len(await labels()) < 22:
            await add(catalog, name="根")
        roots = await labels()
        last = await read(catalog, {"id": roots[21]})
        below = await add(catalog, last["id"])
        empty = roots[19]
        assert (await put(catalog, await read(catalog, {"id": empty}), parentId=roots[20])).status == 200
        assert (await put(catalog, below, parentId=empty)).status == 200
        await labels()
        assert (await put(catalog, await read(catalog, {"id": empty}), parentId=None)).status == 200
        await labels()

    run(story())
