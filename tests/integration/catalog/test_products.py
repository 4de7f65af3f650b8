"""Products over HTTP: written, read in both languages, conflicting, hidden, deleted."""

import asyncio
from uuid import uuid4

import pytest
from tests.integration.catalog.conftest import a_product

ENGLISH = {"accept-language": "en"}


def test_a_product_is_shown_as_it_was_written(run, catalog):
    async def story():
        sent = a_product()
        made = await catalog.api.call("POST", "/products", sent, token=catalog.admin)
        assert made.status == 201
        assert made.headers["location"] == f"/products/{made.json['id']}"
        shown = await catalog.get(made.headers["location"])
        assert shown.status == 200
        assert shown.json == made.json
        assert shown.json | sent == shown.json
        assert shown.json["rating"] == {"average": 0.0, "count": 0}
        assert shown.json["stockStatus"] is None
        assert shown.json["images"] == []
        assert shown.json["version"] == 1
        assert shown.headers["etag"] == made.headers["etag"]
        assert shown.headers["cache-control"] == "no-cache"
        assert shown.headers["vary"] == "Accept-Language"

    run(story())


def test_accept_language_chooses_the_texts_and_changes_the_etag(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        japanese, english = await catalog.get(path), await catalog.get(path, headers=ENGLISH)
        assert (japanese.json["name"], english.json["name"]) == ("鉄のフライパン 26cm", "Iron frying pan 26 cm")
        assert english.json["description"] == "Made for steak."
        assert english.json["translations"] == japanese.json["translations"]
        assert japanese.headers["etag"] != english.headers["etag"]
        untranslated = await catalog.create(translations={})
        again = await catalog.get(f"/products/{untranslated['id']}", headers=ENGLISH)
        assert again.json["name"] == "鉄のフライパン 26cm"

    run(story())


def test_a_client_that_has_the_product_gets_304_until_it_changes(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        tag = (await catalog.get(path)).headers["etag"]
        same = await catalog.get(path, headers={"if-none-match": tag})
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
        await catalog.api.call("PUT", path, a_product(name="新しい名前"), token=catalog.admin)
        changed = await catalog.get(path, headers={"if-none-match": tag})
        assert (changed.status, changed.json["name"]) == (200, "新しい名前")

    run(story())


def test_a_put_replaces_the_whole_and_raises_the_version(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        body = {name: a_product()[name] for name in ("sku", "name", "price", "categoryId", "status")}
        put = await catalog.api.call("PUT", path, body, token=catalog.admin)
        assert put.status == 200
        assert (put.json["description"], put.json["attributes"], put.json["translations"]) == ("", {}, {})
        assert (put.json["version"], put.json["createdAt"]) == (2, product["createdAt"])
        assert put.json["updatedAt"] >= product["updatedAt"]
        assert (await catalog.get(path)).json == put.json

    run(story())


def test_if_match_compares_the_version_whatever_the_language(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        english = (await catalog.get(path, headers=ENGLISH)).headers["etag"]
        first = await catalog.api.call("PUT", path, a_product(), token=catalog.admin, headers={"if-match": english})
        assert first.status == 200
        for method, body in (("PUT", a_product()), ("DELETE", None)):
            stale = await catalog.api.call(method, path, body, token=catalog.admin, headers={"if-match": english})
            assert (stale.status, stale.code) == (412, "VERSION_MISMATCH")

    run(story())


def test_two_puts_at_once_with_the_same_if_match_never_both_win(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        tag = (await catalog.get(path)).headers["etag"]
        answers = await asyncio.gather(
            *(
                catalog.api.call(
                    "PUT", path, a_product(name=f"名前{number}"), token=catalog.admin, headers={"if-match": tag}
                )
                for number in range(8)
            )
        )
        assert sorted(answer.status for answer in answers) == [200] + [412] * 7

    run(story())


def test_an_sku_is_taken_until_its_product_is_deleted_and_an_id_for_ever(run, catalog):
    async def story():
        product = await catalog.create(id=f"pan-{uuid4().hex[:6]}")
        again = await catalog.api.call("POST", "/products", a_product(sku=product["sku"]), token=catalog.admin)
        assert (again.status, again.code) == (409, "SKU_TAKEN")
        other = await catalog.create()
        moved = await catalog.api.call(
            "PUT", f"/products/{other['id']}", a_product(sku=product["sku"]), token=catalog.admin
        )
        assert (moved.status, moved.code) == (409, "SKU_TAKEN")
        same_id = await catalog.api.call("POST", "/products", a_product(id=product["id"]), token=catalog.admin)
        assert (same_id.status, same_id.code) == (409, "PRODUCT_ID_TAKEN")

        path = f"/products/{product['id']}"
        assert (await catalog.api.call("DELETE", path, token=catalog.admin)).status == 204
        for method, body in (("GET", None), ("DELETE", None), ("PUT", a_product())):
            gone = await catalog.api.call(method, path, body, token=catalog.admin)
            assert (gone.status, gone.code) == (404, "PRODUCT_NOT_FOUND")
        await catalog.create(sku=product["sku"])
        same_id = await catalog.api.call("POST", "/products", a_product(id=product["id"]), token=catalog.admin)
        assert (same_id.status, same_id.code) == (409, "PRODUCT_ID_TAKEN")

    run(story())


def test_concurrent_creations_of_one_sku_leave_one_product(run, catalog):
    async def story():
        sku = f"RACE-{uuid4().hex[:6]}"
        answers = await asyncio.gather(
            *(catalog.api.call("POST", "/products", a_product(sku=sku), token=catalog.admin) for _ in range(8))
        )
        assert sorted(answer.status for answer in answers) == [201] + [409] * 7

    run(story())


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_active_exists_for_admins_only(run, catalog, status):
    async def story():
        product = await catalog.create(status=status)
        path = f"/products/{product['id']}"
        for token in (None, catalog.customer):
            for under in ("", "/reviews", "/images"):
                hidden = await catalog.get(path + under, token=token)
                assert (hidden.status, hidden.code) == (404, "PRODUCT_NOT_FOUND")
            listed = await catalog.get(f"/products?status={status}&limit=100", token=token)
            assert product["id"] not in [item["id"] for item in listed.json["items"]]
        assert (await catalog.get(path, token=catalog.admin)).json["status"] == status
        listed = await catalog.get(f"/products?status={status}&limit=100", token=catalog.admin)
        assert product["id"] in [item["id"] for item in listed.json["items"]]
        assert {item["status"] for item in listed.json["items"]} == {status}
        by_default = await catalog.get("/products?limit=100", token=catalog.admin)
        assert {item["status"] for item in by_default.json["items"]} <= {"active"}
        wrong = await catalog.get("/products?status=sold", token=catalog.admin)
        assert (wrong.status, wrong.code) == (422, "VALIDATION_FAILED")

    run(story())


WRONG = [
    ({"sku": ""}, "sku"),
    ({"sku": " x"}, "sku"),
    ({"sku": "x\n"}, "sku"),
    ({"sku": "x" * 65}, "sku"),
    ({"name": "　"}, "name"),
    ({"name": "名" * 201}, "name"),
    ({"description": "説" * 5001}, "description"),
    ({"price": {"amount": 0, "currency": "JPY"}}, "price.amount"),
    ({"price": {"amount": 100_000_000, "currency": "JPY"}}, "price.amount"),
    ({"price": {"amount": 1.5, "currency": "JPY"}}, "price.amount"),
    ({"price": {"amount": True, "currency": "JPY"}}, "price.amount"),
    ({"price": {"amount": 100, "currency": "USD"}}, "price.currency"),
    ({"price": 100}, "price"),
    ({"categoryId": "no-such"}, "categoryId"),
    ({"status": "sold"}, "status"),
    ({"status": "deleted"}, "status"),
    ({"attributes": {str(number): "x" for number in range(51)}}, "attributes"),
    ({"attributes": {"size": 26}}, "attributes"),
    ({"attributes": {"size": "x" * 101}}, "attributes"),
    ({"attributes": {"": "x"}}, "attributes"),
    ({"translations": {"fr": {"name": "Poêle"}}}, "translations"),
    ({"translations": {"en": {"name": ""}}}, "translations"),
    ({"initialStock": -1}, "initialStock"),
    ({"initialStock": "5"}, "initialStock"),
    ({"id": "a/b"}, "id"),
    ({"id": ".."}, "id"),
    ({"id": "x\n"}, "id"),
    ({"id": "x" * 65}, "id"),
    ({"id": "search"}, "id"),
    ({"colour": "red"}, "colour"),
    ({"name": None}, "name"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG, ids=str)
def test_what_is_wrong_with_a_product_is_named(run, catalog, changes, field):
    answer = run(catalog.api.call("POST", "/products", a_product(**changes), token=catalog.admin))
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert next(error["field"] for error in answer.json["errors"]).startswith(field)


@pytest.mark.parametrize("depth", [10, 400, 700, 950, 5_000, 30_000])
def test_a_body_may_be_nested_however_deep_and_is_never_an_error_of_ours(run, catalog, depth):
    for opening, closing in (('{"a":', "}"), ("[", "]")):
        body = (opening * depth + "1" + closing * depth).encode()
        answer = run(catalog.api.call("POST", "/products", body, token=catalog.admin))
        assert (answer.status, answer.code) in [(422, "VALIDATION_FAILED"), (400, "MALFORMED_REQUEST")]


def test_the_limits_themselves_are_allowed(run, catalog):
    body = a_product(
        sku=uuid4().hex * 2,
        name="𠮷" * 200,
        description="説" * 5_000,
        price={"amount": 99_999_999, "currency": "JPY"},
        attributes={f"{number:0100d}": "x" * 100 for number in range(50)},
        initialStock=0,
    )
    answer = run(catalog.api.call("POST", "/products", body, token=catalog.admin))
    assert answer.status == 201, answer.body
    assert answer.json | {"initialStock": 0} == answer.json | body | {"initialStock": 0}


def test_texts_are_kept_in_nfc_and_null_means_absent(run, catalog):
    product = run(catalog.create(name="ガラス", description=None, attributes=None))
    assert (product["name"], product["description"], product["attributes"]) == ("ガラス", "", {})


def test_a_put_cannot_change_the_id_nor_set_stock(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        for changes, field in (({"id": "another"}, "id"), ({"initialStock": 5}, "initialStock")):
            answer = await catalog.api.call("PUT", path, a_product(**changes), token=catalog.admin)
            assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)
        same = await catalog.api.call("PUT", path, a_product(id=product["id"]), token=catalog.admin)
        assert same.status == 200

    run(story())


def test_a_wrong_body_is_told_before_an_absent_product_and_that_before_a_taken_sku(run, catalog):
    async def story():
        taken = await catalog.create()
        wrong = await catalog.api.call("PUT", "/products/none", a_product(categoryId="none"), token=catalog.admin)
        assert wrong.status == 422
        absent = await catalog.api.call("PUT", "/products/none", a_product(sku=taken["sku"]), token=catalog.admin)
        assert absent.status == 404

    run(story())


def test_only_admins_write(run, catalog):
    async def story():
        product = await catalog.create()
        for method, path in (("POST", "/products"), ("PUT", f"/products/{product['id']}")):
            assert (await catalog.api.call(method, path, a_product())).status == 401
            assert (await catalog.api.call(method, path, a_product(), token=catalog.customer)).status == 403
        assert (await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.customer)).status == 403

    run(story())


def test_what_no_product_can_be_called_is_absent(run, catalog):
    async def story():
        for path in ("/products/none", "/products/%00", "/products/%F0%9F%8D%A3", "/products/" + "x" * 3_000):
            assert (await catalog.get(path)).status == 404

    run(story())


def test_each_change_is_announced_once_with_its_version_and_noted_for_the_search_index(run, catalog):
    async def story():
        product = await catalog.create(initialStock=7)
        path = f"/products/{product['id']}"
        await catalog.api.call("PUT", path, a_product(sku=product["sku"], status="archived"), token=catalog.admin)
        refused = await catalog.api.call("PUT", path, a_product(categoryId="none"), token=catalog.admin)
        assert refused.status == 422
        await catalog.api.call("DELETE", path, token=catalog.admin)
        messages = await catalog.announced(product["id"])
        assert [(m["metadata"]["type"], m["metadata"]["aggregateVersion"]) for m in messages] == [
            ("ProductCreated", 1),
            ("ProductUpdated", 2),
            ("ProductDeleted", 3),
        ]
        created, updated, deleted = (message["data"] for message in messages)
        assert created["initialStock"] == 7
        assert created["product"] | {"version": 1} == {
            name: product[name]
            for name in ("id", "sku", "name", "price", "categoryId", "status", "translations", "version")
        }
        assert updated["product"]["status"] == "archived"
        assert deleted["product"]["sku"] == product["sku"]
        noted = await catalog.sql("select seq from product_changes where product_id = $1", product["id"])
        assert len(noted) == 3

    run(story())
