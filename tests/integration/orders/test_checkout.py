"""Carts, and how one becomes an order exactly once."""

import asyncio

from shop.contracts.events import ProductDeleted, ProductUpdated
from shop.contracts.shapes import Product
from shop.kernel.money import yen
from shop.orders import worker


def test_lines_merge_and_show_todays_prices(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product(price=500)
        assert (await who.call("GET", f"/carts/{who.id}")).json["items"] == []
        shop.neighbours.stock[product] = 7
        await who.add(product, 2)
        cart = (await who.add(product, 3)).json
        assert [(line["quantity"], line["lineTotal"]["amount"], line["available"]) for line in cart["items"]] == [
            (5, 2500, 7)
        ]
        assert (cart["itemCount"], cart["subtotal"]["amount"], cart["version"]) == (5, 2500, 2)
        english = await who.call("GET", f"/carts/{who.id}", **{"accept-language": "en"})
        assert english.json["items"][0]["name"] == "Teapot"
        changed = Product(
            id=product,
            sku="S",
            name="急須 大",
            price=yen(700),
            category_id="tea",
            status="active",
            translations={},
            version=2,
        )
        await shop.receive(ProductUpdated(product=changed), aggregate=product, version=2)
        assert (await who.call("GET", f"/carts/{who.id}")).json["subtotal"]["amount"] == 3500
        await shop.receive(ProductUpdated(product=replace_price(changed, 1)), aggregate=product, version=1)
        assert (await who.call("GET", f"/carts/{who.id}")).json["subtotal"]["amount"] == 3500

    run(scenario())


def replace_price(product, price):
    return Product(
        id=product.id, sku="S", name="x", price=yen(price), category_id="t", status="active", translations={}, version=1
    )


def test_what_a_cart_refuses(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        shop.neighbours.stock[product] = 3
        assert (await who.add("no-such-product")).code == "PRODUCT_NOT_FOUND"
        short = await who.add(product, 4)
        assert (short.status, short.code, short.json["available"]) == (409, "OUT_OF_STOCK", 3)
        item = (await who.add(product, 2)).json["items"][0]["itemId"]
        assert (await who.add(product, 2)).code == "OUT_OF_STOCK"
        path = f"/carts/{who.id}/items/{item}"
        assert (await who.call("PUT", path, {"quantity": 4})).json["available"] == 3
        shop.neighbours.stock[product] = 1000
        assert (await who.add(product, 98)).status == 422
        for wrong in (0, 100, "1", 1.5, True, None):
            assert (await who.call("PUT", path, {"quantity": wrong})).status == 422, wrong
        assert (await who.call("PUT", path, {"quantity": 3, "price": 1})).status == 422
        assert (await who.call("PUT", f"/carts/{who.id}/items/none", {"quantity": 3})).code == "CART_ITEM_NOT_FOUND"
        assert (await shop.customer().call("GET", f"/carts/{who.id}")).status == 403
        assert (await shop.customer("admin").call("GET", f"/carts/{who.id}")).status == 200

    run(scenario())


def test_a_cart_has_thirty_lines(shop, run):
    async def scenario():
        who = shop.customer()
        for _ in range(30):
            assert (await who.add(await shop.product())).status == 201
        assert (await who.add(await shop.product())).code == "CART_FULL"

    run(scenario())


def test_adds_at_the_same_time_all_count(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        await asyncio.gather(*(who.add(product) for _ in range(10)))
        cart = (await who.call("GET", f"/carts/{who.id}")).json
        assert [line["quantity"] for line in cart["items"]] == [10]

    run(scenario())


def test_inventory_down_lets_the_cart_take_it_and_users_down_stops_the_order(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        shop.neighbours.down = True
        cart = await who.add(product, 50)
        assert (cart.status, cart.json["items"][0]["available"]) == (201, None)
        refused = await who.check_out()
        assert (refused.status, refused.code, "retry-after" in refused.headers) == (503, "DEPENDENCY_UNAVAILABLE", True)
        shop.neighbours.down = False
        assert (await who.check_out()).status == 201

    run(scenario())


def test_a_product_whose_event_has_not_come_is_read_from_catalog(shop, run):
    async def scenario():
        who = shop.customer()
        shop.neighbours.products["fresh"] = {
            "id": "fresh", "sku": "F", "name": "新茶", "price": {"amount": 900, "currency": "JPY"}, "categoryId": "tea",
            "status": "active", "translations": {}, "version": 3, "description": "", "images": [],
        }  # fmt: skip
        cart = await who.add("fresh")
        assert (cart.status, cart.json["subtotal"]["amount"]) == (201, 900)

    run(scenario())


def test_a_product_that_is_gone_shows_and_cannot_be_ordered(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        await who.add(product)
        gone = Product(
            id=product, sku="S", name="x", price=yen(1), category_id="t", status="active", translations={}, version=1
        )
        await shop.receive(ProductDeleted(product=gone), aggregate=product, version=2)
        cart = (await who.call("GET", f"/carts/{who.id}")).json
        assert cart["items"][0]["available"] == 0
        refused = await who.check_out()
        assert (refused.status, refused.code) == (409, "PRODUCT_UNAVAILABLE")
        assert (await who.add(product)).code == "PRODUCT_NOT_FOUND"

    run(scenario())


def test_the_same_key_makes_one_order(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        await who.add(product)
        answers = await asyncio.gather(*(who.check_out(key="once") for _ in range(4)))
        assert {(each.status, each.body) for each in answers} == {(201, answers[0].body)}
        assert sorted(each.headers.get("idempotency-replayed", "") for each in answers) == ["", "true", "true", "true"]
        assert len((await who.call("GET", f"/users/{who.id}/orders")).json["items"]) == 1
        await who.add(product)
        assert (await who.check_out(key="once")).body == answers[0].body
        other = await who.check_out("tok_declined", key="once")
        assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
        stranger = shop.customer()
        await stranger.add(product)
        assert "idempotency-replayed" not in (await stranger.check_out(key="once")).headers

    run(scenario())


def test_a_refused_order_does_not_use_up_its_key(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product(price=5000)
        assert (await who.check_out(key="k")).code == "CART_EMPTY"
        await who.add(product)
        wrong = await who.check_out(key="k", expectedTotal={"amount": 1, "currency": "JPY"})
        assert (wrong.code, wrong.json["total"]) == ("PRICE_CHANGED", {"amount": 5000, "currency": "JPY"})
        assert (await who.check_out(key="k", addressId="elsewhere")).code == "ADDRESS_UNKNOWN"
        placed = await who.check_out(key="k", expectedTotal={"amount": 5000, "currency": "JPY"})
        assert (placed.status, placed.json["shippingFee"]["amount"]) == (201, 0)
        assert (await who.call("GET", f"/carts/{who.id}")).json["items"] == []

    run(scenario())


def test_what_an_order_needs(shop, run):
    async def scenario():
        who = shop.customer()
        body = {"addressId": "home", "payment": {"method": "card", "token": "tok_visa"}}
        missing = await who.call("POST", "/orders", {})
        assert (missing.status, missing.code) == (400, "IDEMPOTENCY_KEY_REQUIRED")
        assert (await who.call("POST", "/orders", body, **{"idempotency-key": "k" * 65})).status == 422
        card = {"addressId": "home", "payment": {"method": "card", "token": "4242424242424242"}}
        refused = await who.call("POST", "/orders", card, **{"idempotency-key": "k"})
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, "payment.token")
        assert "4242424242424242" not in refused.body.decode()

    run(scenario())


def test_a_cart_that_is_left_alone_is_announced_once(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product(price=300)
        await who.add(product, 2)
        await shop.sql(AN_HOUR_AGO, who.id)
        await worker.sweep(shop.deps)
        await worker.sweep(shop.deps)
        told = await shop.sent(f"cart-{who.id}")
        assert [each["metadata"]["type"] for each in told] == ["CartAbandoned"]
        assert (told[0]["data"]["items"], told[0]["data"]["value"]["amount"]) == (2, 600)
        assert 3600 <= told[0]["data"]["idleSeconds"] < 3660
        await who.add(product)
        await worker.sweep(shop.deps)
        assert len(await shop.sent(f"cart-{who.id}")) == 1
        await shop.sql(AN_HOUR_AGO, who.id)
        await worker.sweep(shop.deps)
        assert len(await shop.sent(f"cart-{who.id}")) == 2

    run(scenario())


AN_HOUR_AGO = "update carts set updated_at = updated_at - interval '1 hour' where user_id = $1"


def test_inventory_is_asked_once_for_all_lines(shop, run):
    async def scenario():
        who, first, second = shop.customer(), await shop.product(), await shop.product()

        async def asked(doing):
            shop.neighbours.asked.clear()
            await doing
            return [path for path in shop.neighbours.asked if path.startswith("/inventory")]

        assert len(await asked(who.add(first))) == 1
        assert len(await asked(who.add(second))) == 1
        lines = (await who.call("GET", f"/carts/{who.id}")).json["items"]
        path = f"/carts/{who.id}/items/{lines[0]['itemId']}"
        assert len(await asked(who.call("PUT", path, {"quantity": 2}))) == 1
        assert len(await asked(who.call("DELETE", path))) == 1
        assert len(await asked(who.call("GET", f"/carts/{who.id}"))) == 1
        shop.neighbours.down = True
        assert len(await asked(who.add(first))) == 1  # a second question would be a second second of waiting

    run(scenario())


def test_the_line_of_a_product_that_is_gone_cannot_grow(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        item = (await who.add(product)).json["items"][0]["itemId"]
        await shop.receive(ProductDeleted(product=of_price(product, 1)), aggregate=product, version=9)
        path = f"/carts/{who.id}/items/{item}"
        refused = await who.call("PUT", path, {"quantity": 2})
        assert (refused.status, refused.code, refused.json["available"]) == (409, "OUT_OF_STOCK", 0)
        assert (await who.call("DELETE", path)).json["items"] == []

    run(scenario())


def of_price(product, price):
    return replace_price(Product(
        id=product, sku="S", name="x", price=yen(1), category_id="t", status="active", translations={}, version=1
    ), price)  # fmt: skip


def test_a_stale_if_match_changes_no_cart(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        cart = await who.add(product)
        path = f"/carts/{who.id}/items/{cart.json['items'][0]['itemId']}"
        stale = cart.headers["etag"]
        changed = await who.call("PUT", path, {"quantity": 2}, **{"if-match": stale})
        assert (changed.status, changed.json["version"]) == (200, cart.json["version"] + 1)
        for method, where, body in (
            ("PUT", path, {"quantity": 3}),
            ("DELETE", path, None),
            ("DELETE", f"/carts/{who.id}", None),
        ):
            refused = await who.call(method, where, body, **{"if-match": stale})
            assert (refused.status, refused.code) == (412, "VERSION_MISMATCH"), method
        assert (await who.call("PUT", path, {"quantity": 3})).status == 200
        assert (await who.call("DELETE", f"/carts/{who.id}")).status == 204
        assert (await who.call("GET", f"/carts/{who.id}")).json["items"] == []

    run(scenario())


def test_a_key_belongs_to_its_user_and_compares_values_not_bytes(shop, run):
    async def scenario():
        one, other, product = shop.customer(), shop.customer(), await shop.product()
        await one.add(product)
        await other.add(product)
        first = await one.check_out(key="shared")
        assert (await other.check_out(key="shared")).json["id"] != first.json["id"]
        await one.add(product)
        same = (
            b'{ "payment": {"token":"tok_visa", "method" : "card"},  "expectedTotal": null, "addressId":"h\\u006fme" }'
        )
        headers = {"idempotency-key": "shared", "content-type": "application/json"}
        again = await one.call("POST", "/orders", same, **headers)
        assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")
        assert again.headers["location"] == first.headers["location"]
        assert len((await one.call("GET", f"/carts/{one.id}")).json["items"]) == 1
        other_body = await one.check_out(key="shared", expectedTotal={"amount": 1550, "currency": "JPY"})
        assert (other_body.status, other_body.code) == (422, "IDEMPOTENCY_KEY_REUSED")

    run(scenario())


def test_the_first_answer_comes_again_however_the_order_went_on(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        await who.add(product)
        first = await who.check_out(key="k")
        await who.call("POST", f"/orders/{first.json['id']}/cancel", {"reason": "x"})
        shop.neighbours.down = True  # nobody needs to be asked for it
        assert (await who.check_out(key="k")).body == first.body

    run(scenario())


def test_a_key_is_forgotten_after_a_day(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        await who.add(product)
        first = await who.check_out(key="k")
        await shop.sql(
            "update idempotency set created_at = created_at - interval '25 hours' where user_id = $1", who.id
        )
        assert (await who.check_out(key="k")).code == "CART_EMPTY"
        await who.add(product)
        second = await who.check_out(key="k")
        assert second.status == 201
        assert second.json["id"] != first.json["id"]
        await shop.sql(
            "update idempotency set created_at = created_at - interval '25 hours' where user_id = $1", who.id
        )
        assert await worker.sweep(shop.deps) == []
        assert await shop.sql("select from idempotency where user_id = $1", who.id) == []

    run(scenario())


def test_a_neighbour_that_does_not_answer_is_a_timeout(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        await who.add(product)
        shop.neighbours.silent = True
        refused = await who.check_out()
        assert (refused.status, refused.code) == (504, "DEPENDENCY_TIMEOUT")
        unknown = await who.add("not-copied-yet")
        assert (unknown.status, unknown.code) == (504, "DEPENDENCY_TIMEOUT")
        cart = await who.call("GET", f"/carts/{who.id}")
        assert (cart.status, cart.json["items"][0]["available"]) == (200, None)
        shop.neighbours.silent = False
        assert (await who.check_out()).status == 201

    run(scenario())
