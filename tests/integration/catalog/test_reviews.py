"""Reviews over HTTP: one per customer and product, the exact rating, who may take one back."""

import asyncio
from fractions import Fraction

import pytest
from tests.integration.catalog.conftest import a_product
from tests.support.people import token_of

GOOD = {"rating": 5, "title": "買って良かった", "body": "毎朝使っています。"}


async def post(catalog, product, token, **changes):
    return await catalog.api.call("POST", f"/products/{product['id']}/reviews", GOOD | changes, token=token)


async def rating(catalog, product):
    return (await catalog.get(f"/products/{product['id']}")).json["rating"]


def test_a_review_is_shown_and_counts(run, catalog):
    async def story():
        product = await catalog.create()
        before = await catalog.get(f"/products/{product['id']}")
        answer = await post(catalog, product, catalog.customer)
        assert answer.status == 201
        review = answer.json
        assert review | GOOD == review
        assert (review["author"], review["productId"]) == ("匿名", product["id"])
        page = await catalog.get(f"/products/{product['id']}/reviews")
        assert page.json == {"items": [review], "nextToken": None}
        after = await catalog.get(f"/products/{product['id']}")
        assert after.json == before.json | {"rating": {"average": 5.0, "count": 1}}
        assert after.headers["etag"] != before.headers["etag"]
        listed = (await catalog.get("/products?limit=1")).json["items"][0]
        assert listed == after.json

    run(story())


def test_one_review_per_customer_and_product_even_at_the_same_time(run, catalog):
    async def story():
        product = await catalog.create()
        answers = await asyncio.gather(*(post(catalog, product, catalog.customer, rating=4) for _ in range(6)))
        assert sorted(answer.status for answer in answers) == [201] + [409] * 5
        assert {answer.code for answer in answers if answer.status == 409} == {"ALREADY_REVIEWED"}
        assert await rating(catalog, product) == {"average": 4.0, "count": 1}
        other = await catalog.create()
        assert (await post(catalog, other, catalog.customer)).status == 201

    run(story())


def test_the_average_is_exact_whatever_comes_and_goes_at_once(run, catalog):
    async def story():
        product = await catalog.create()
        tokens = [token_of(catalog.account, *groups) for groups in (("customer",), ("operator",), ("admin",))]
        stars = (1, 2, 2)
        answers = await asyncio.gather(
            *(post(catalog, product, token, rating=rating) for token, rating in zip(tokens, stars, strict=True))
        )
        assert [answer.status for answer in answers] == [201] * 3
        shown = await rating(catalog, product)
        assert (shown["count"], shown["average"]) == (3, float(Fraction(5, 3)))
        put = await catalog.api.call(
            "PUT", f"/products/{product['id']}", a_product(sku=product["sku"]), token=catalog.admin
        )
        assert put.json["rating"] == shown
        path = f"/products/{product['id']}/reviews"
        gone = await catalog.api.call("DELETE", f"{path}/{answers[0].json['id']}", token=tokens[0])
        assert gone.status == 204
        assert await rating(catalog, product) == {"average": 2.0, "count": 2}
        assert (await post(catalog, product, tokens[0], rating=5)).status == 201
        assert await rating(catalog, product) == {"average": 3.0, "count": 3}

    run(story())


def test_only_the_author_and_an_admin_take_a_review_back(run, catalog):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}/reviews"
        review = (await post(catalog, product, catalog.customer)).json
        assert (await catalog.api.call("DELETE", f"{path}/{review['id']}")).status == 401
        for stranger in (token_of(catalog.account), token_of(catalog.account, "operator")):
            refused = await catalog.api.call("DELETE", f"{path}/{review['id']}", token=stranger)
            assert (refused.status, refused.code) == (403, "FORBIDDEN")
        other = await catalog.create()
        elsewhere = f"/products/{other['id']}/reviews/{review['id']}"
        for absent in (elsewhere, f"{path}/none"):
            answer = await catalog.api.call("DELETE", absent, token=catalog.admin)
            assert (answer.status, answer.code) == (404, "REVIEW_NOT_FOUND")
        assert (await catalog.api.call("DELETE", f"{path}/{review['id']}", token=catalog.admin)).status == 204
        again = await catalog.api.call("DELETE", f"{path}/{review['id']}", token=catalog.admin)
        assert again.status == 404
        assert await rating(catalog, product) == {"average": 0.0, "count": 0}

    run(story())


def test_a_review_is_announced_and_noted_for_the_search_index(run, catalog):
    async def story():
        product = await catalog.create()
        review = (await post(catalog, product, catalog.customer, rating=3)).json
        [message] = await catalog.announced(review["id"])
        assert message["metadata"]["type"] == "ReviewPosted"
        assert message["data"] == {"productId": product["id"], "reviewId": review["id"], "rating": 3}
        await catalog.api.call("DELETE", f"/products/{product['id']}/reviews/{review['id']}", token=catalog.admin)
        noted = await catalog.sql("select seq from product_changes where product_id = $1", product["id"])
        assert len(noted) == 3
        assert [m["metadata"]["type"] for m in await catalog.announced(product["id"])] == ["ProductCreated"]

    run(story())


WRONG = [
    ({"rating": 0}, "rating"),
    ({"rating": 6}, "rating"),
    ({"rating": 4.5}, "rating"),
    ({"rating": "5"}, "rating"),
    ({"rating": True}, "rating"),
    ({"rating": None}, "rating"),
    ({"title": "題" * 101}, "title"),
    ({"title": " "}, "title"),
    ({"title": None}, "title"),
    ({"body": "文" * 5_001}, "body"),
    ({"body": ""}, "body"),
    ({"author": "名" * 101}, "author"),
    ({"author": ""}, "author"),
    ({"userId": "somebody"}, "userId"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG, ids=str)
def test_what_is_wrong_with_a_review_is_named(run, catalog, changes, field):
    async def story():
        answer = await post(catalog, {"id": "none"}, catalog.customer, **changes)
        assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
        assert answer.json["errors"][0]["field"] == field

    run(story())


def test_the_longest_review_is_taken_and_an_author_may_be_named(run, catalog):
    async def story():
        product = await catalog.create()
        longest = {"title": "題" * 100, "body": "𠮷" * 5_000, "author": "山田"}
        answer = await post(catalog, product, catalog.customer, **longest)
        assert answer.status == 201
        assert answer.json | longest == answer.json

    run(story())


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_for_sale_cannot_be_reviewed(run, catalog, status):
    async def story():
        product = await catalog.create(status=status)
        answer = await post(catalog, product, catalog.customer)
        assert (answer.status, answer.code) == (404, "PRODUCT_NOT_FOUND")
        nobody = await catalog.api.call("POST", f"/products/{product['id']}/reviews", GOOD)
        assert nobody.status == 401

    run(story())


def test_a_deleted_product_takes_its_reviews_along(run, catalog):
    async def story():
        product = await catalog.create()
        await post(catalog, product, catalog.customer)
        await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin)
        assert (await catalog.get(f"/products/{product['id']}/reviews")).status == 404
        assert await catalog.sql("select 1 from reviews where product_id = $1", product["id"]) == []

    run(story())
