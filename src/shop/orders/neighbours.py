"""What orders asks other services while a client waits: availability, addresses, a product that is not copied yet."""

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from shop.contracts.shapes import Address, Product, Shape
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.orders.model import AddressUnknown
from shop.runtime.http import Caller
from shop.runtime.http.language import Language
from shop.runtime.peers import PeerProblem, Peers

__all__ = ["address", "available", "product"]


class Stock(Shape):
    """What matters here of inventory's Stock."""

    product_id: str
    available: int


class Stocks(Shape):
    """Inventory's answer about several products."""

    items: list[Stock]


class KnownAddress(Address, kw_only=True):
    """An address with its id."""

    id: str


class AddressBook(Shape):
    """Users' answer."""

    items: list[KnownAddress]


async def available(peers: Peers, caller: Caller, product_ids: Iterable[str]) -> dict[str, int | None]:
    """Pieces in stock of each product; None where inventory told nothing, as when it is down: the order will."""
    ids = sorted(set(product_ids))
    unknown: dict[str, int | None] = dict.fromkeys(ids)
    if not ids:
        return unknown
    query = ",".join(quote(each, safe="") for each in ids)
    try:
        answer = msgspec.convert(await peers.get(f"/inventory?productIds={query}", caller), Stocks)
    except (DependencyUnavailable, DependencyTimeout, PeerProblem, msgspec.ValidationError):
        return unknown
    return unknown | {stock.product_id: stock.available for stock in answer.items}


async def address(peers: Peers, caller: Caller, address_id: str) -> Address:
    """The caller's address with this id. Raises AddressUnknown; users down or silent, 503 or 504."""
    try:
        book = msgspec.convert(await peers.get(f"/users/{caller.user_id}/addresses", caller), AddressBook)
    except PeerProblem as problem:
        raise AddressUnknown from problem
    except msgspec.ValidationError as error:
        raise DependencyUnavailable("Another service gave no usable answer.") from error
    for known in book.items:
        if known.id == address_id:
            return msgspec.convert(msgspec.to_builtins(known), Address)
    raise AddressUnknown


async def product(peers: Peers, caller: Caller, product_id: str, language: Language = "ja") -> Product | None:
    """A product as catalog shows it to everybody; None when it shows none, or could not be asked."""
    nobody = Caller(session_id=caller.session_id)  # an admin would be shown drafts
    try:
        shown = await peers.get(f"/products/{quote(product_id, safe='')}", nobody, language=language)
        return msgspec.convert(shown, Product)
    except (PeerProblem, msgspec.ValidationError):
        return None
