"""`shop aws seed`: the laptop's hand-picked products on the shelves of a deployed shop, by its own API.

PostgreSQL cannot be reached from outside, and need not be: an admin made for this writes as any admin does, so that
events, stock and search index follow of themselves. What is there already stays as it is.
"""

from collections.abc import Sequence

from shop.deploy.aws.progress import Screen
from shop.deploy.aws.smoke.people import register, remove
from shop.deploy.aws.smoke.places import Place
from shop.deploy.aws.smoke.visitor import Unexpected, Visitor
from shop.local.language import say
from shop.local.seed.goods import GOODS, Good
from shop.local.seed.tree import TREE, Branch

__all__ = ["fill"]

PIECES = 100  # of each product


def fill(place: Place, screen: Screen, tree: Sequence[Branch] = TREE, goods: Sequence[Good] = GOODS) -> tuple[int, int]:
    """Make the categories and products that are missing: how many products were made, and how many were there.

    Raises Unexpected when the shop does not answer as it should; again goes on where it was.
    """
    admin = register(place, "seed", group="admin")
    made = 0
    try:
        with screen.line(say("商品", "products")) as line:
            ids = categories(admin.visitor, tree)
            for number, good in enumerate(goods, 1):
                line.at(number, len(goods), say(good.ja, good.en))
                made += product(admin.visitor, f"{good.category[:3].upper()}-{number:04d}", good, ids[good.category])
            line.done(say(f"{made} 件を登録しました", f"{made} made"))
    finally:
        remove(place, admin)
    return made, len(goods) - made


def categories(visitor: Visitor, tree: Sequence[Branch]) -> dict[str, str]:
    """The shop's own id of each branch; those that are missing are made."""
    there = visitor.must(200, "GET", "/categories", Accept_Language="ja").json["items"]
    known = {(one["parentId"], one["name"]): one["id"] for one in there}
    ids: dict[str, str] = {}
    for branch in tree:
        parent = ids[branch.parent] if branch.parent else None
        found = known.get((parent, branch.ja))
        if found is None:
            body = {"name": branch.ja, "parentId": parent, "translations": {"en": {"name": branch.en}}}
            found = visitor.must(201, "POST", "/categories", body).json["id"]
        ids[branch.id] = found
    return ids


def product(visitor: Visitor, sku: str, good: Good, category: str) -> bool:
    """Whether this product had to be made."""
    body = {
        "sku": sku, "name": good.ja, "description": good.about_ja, "categoryId": category, "status": "active",
        "price": {"amount": good.price, "currency": "JPY"}, "attributes": good.attributes, "initialStock": PIECES,
        "translations": {"en": {"name": good.en, "description": good.about_en}},
    }  # fmt: skip
    answer = visitor.ask("POST", "/products", body)
    if answer.status == 409 and answer.json["code"] == "SKU_TAKEN":
        return False
    if answer.status != 201:
        raise Unexpected(f"POST /products: {answer.status} {answer.text[:300]}")
    return True
