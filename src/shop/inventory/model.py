"""The rules of inventory, pure: what a movement does to a stock, what others hear of it; and this service's errors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Final, Literal

from shop.contracts.events import LowStockDetected, StockChanged, StockDepleted, StockReplenished
from shop.contracts.messages import Message
from shop.contracts.shapes import OrderLine, Product, Shape, Shortage, StockStatus, Text, Translations
from shop.kernel.errors import NotFound, Problem

__all__ = [
    "DEFAULT_THRESHOLD",
    "MOST_ALERTS",
    "NOTHING",
    "Alert",
    "AlertLimit",
    "AlertNotFound",
    "Change",
    "InStock",
    "Movement",
    "MovementType",
    "ProductNotFound",
    "Registration",
    "Reservation",
    "State",
    "Stock",
    "StockNegative",
    "StockRecord",
    "Sums",
    "called",
    "merged",
    "shortages",
]

MovementType = Literal["RECEIPT", "ADJUSTMENT", "RESERVATION", "RELEASE", "SHIPMENT"]
State = Literal["RESERVED", "COMMITTED", "SHIPPED", "RELEASED", "LAPSED", "REJECTED", "TOMBSTONE"]
DEFAULT_THRESHOLD: Final = 5
MOST_ALERTS: Final = 50  # of one product: all of them may fire at once, in one outbox item
RESTOCKS: Final = ("RECEIPT", "ADJUSTMENT")  # goods that come; a release only gives back


class ProductNotFound(NotFound):
    """There is no stock record of such a product."""

    code = "PRODUCT_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "商品が見つかりません", "en": "Product not found"}


class StockNegative(Problem):
    """There would be less than nothing available: what is reserved for orders cannot be taken away."""

    status, code = 409, "STOCK_NEGATIVE"
    title: ClassVar[dict[str, str]] = {"ja": "在庫がマイナスになります", "en": "Stock would be negative"}


class InStock(Problem):
    """There is stock: nobody has to wait for it."""

    status, code = 409, "IN_STOCK"
    title: ClassVar[dict[str, str]] = {"ja": "在庫があります", "en": "In stock"}


class AlertNotFound(NotFound):
    """There is no such alert."""

    code = "ALERT_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "アラートが見つかりません", "en": "Alert not found"}


class AlertLimit(Problem):
    """A product can have at most 50 alerts."""

    status, code = 409, "ALERT_LIMIT"
    title: ClassVar[dict[str, str]] = {"ja": "アラートの数が上限に達しています", "en": "Too many alerts"}


class Stock(Shape):
    """How much there is of a product."""

    product_id: str
    on_hand: int
    reserved: int
    available: int
    status: StockStatus
    low_stock_threshold: int
    version: int
    updated_at: str


class Movement(Shape):
    """A line of a product's ledger. RECEIPT, ADJUSTMENT and SHIPMENT sum to `onHand`; RESERVATION, RELEASE, SHIPMENT
    to `reserved`.
    """

    type: MovementType
    quantity: int
    at: str
    order_id: str | None = None
    reason: str | None = None


class Alert(Shape):
    """Somebody who wants to know when little is left."""

    id: str
    product_id: str
    threshold: int
    email: str | None = None


class Registration(Shape):
    """A customer who wants to be told when a product is back."""

    id: str
    product_id: str
    registered_at: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What a ledger of so many lines adds up to, up to a version of its stock."""

    on_hand: int = 0
    reserved: int = 0
    version: int = 0
    lines: int = 0

    def plus(self, movement: Movement, version: int) -> "Sums":
        """With one line more."""
        on_hand, reserved = self.on_hand, self.reserved
        if movement.type in ("RECEIPT", "ADJUSTMENT", "SHIPMENT"):
            on_hand += movement.quantity
        if movement.type in ("RESERVATION", "RELEASE", "SHIPMENT"):
            reserved += movement.quantity
        return Sums(on_hand, reserved, version, self.lines + 1)

    @property
    def possible(self) -> bool:
        """Whether there can be such a stock."""
        return 0 <= self.reserved <= self.on_hand


NOTHING: Final = Sums()


@dataclass(frozen=True, slots=True)
class StockRecord:
    """All that inventory keeps about a product.

    `version` counts what is visible, and puts ledger and events in order; `revision` counts every write, and is what
    writers condition on; `catalog_version` is of what it knows from catalog.
    """

    product_id: str
    on_hand: int = 0
    reserved: int = 0
    threshold: int = DEFAULT_THRESHOLD
    version: int = 0
    revision: int = 0
    updated_at: str = ""
    sku: str = ""
    name: str = ""
    translations: Translations = field(default_factory=dict)
    catalog_version: int = 0
    opened: bool = False  # its first receipt has been entered
    retired: bool = False  # the product is gone: no new reservation
    alerts: tuple[Alert, ...] = ()

    @property
    def available(self) -> int:
        """What can be reserved."""
        return self.on_hand - self.reserved

    @property
    def status(self) -> StockStatus:
        """What a shop window says."""
        if self.available <= 0:
            return "OUT_OF_STOCK"
        return "LOW_STOCK" if self.available <= self.threshold else "IN_STOCK"

    @property
    def shown(self) -> Stock:
        """As the API shows it."""
        return Stock(
            product_id=self.product_id,
            on_hand=self.on_hand,
            reserved=self.reserved,
            available=self.available,
            status=self.status,
            low_stock_threshold=self.threshold,
            version=self.version,
            updated_at=self.updated_at,
        )

    def moved(self, movement: Movement) -> "StockRecord":
        """The stock after a movement. Raises StockNegative."""
        sums = Sums(self.on_hand, self.reserved).plus(movement, self.version + 1)
        if not sums.possible:
            raise StockNegative
        return self.at(sums, movement.at)

    def at(self, sums: Sums, when: str) -> "StockRecord":
        """The stock as a ledger has it."""
        return replace(self, on_hand=sums.on_hand, reserved=sums.reserved, version=sums.version, updated_at=when)

    def told(self, product: Product, version: int, *, gone: bool = False) -> "StockRecord":
        """With what catalog says of the product; an older word changes nothing."""
        if version <= self.catalog_version:
            return self
        return replace(
            self,
            sku=product.sku,
            name=product.name,
            translations=called(product),
            catalog_version=version,
            retired=self.retired or gone,
        )


def called(product: Product) -> Translations:
    """What a product is called in other languages. Descriptions stay in catalog: a stock is written often."""
    return {language: Text(name=text.name) for language, text in product.translations.items()}


@dataclass(frozen=True)
class Change:
    """A stock before and after, and the movement between; None when only its terms changed."""

    before: StockRecord
    after: StockRecord
    movement: Movement | None = None

    @cached_property
    def facts(self) -> list[Message]:
        """What others hear of it, in this order. Of a product that is gone nobody needs more than what is left."""
        before, after = self.before, self.after
        about: list[Message] = []
        if before.version == 0 or (before.available, before.status) != (after.available, after.status):
            about.append(StockChanged(product_id=after.product_id, available=after.available, status=after.status))
        if before.available > 0 >= after.available:
            about.append(StockDepleted(product_id=after.product_id))
        if after.retired:
            return about
        if self.is_restock:
            about.append(StockReplenished(product_id=after.product_id, available=after.available))
        for threshold, alert in ((after.threshold, None), *((each.threshold, each) for each in after.alerts)):
            if after.available <= threshold < before.available:
                about.append(low_stock(after, threshold, alert))
        return about

    @property
    def is_restock(self) -> bool:
        """Whether goods came for a product of which there was nothing. A product that begins is none that is back."""
        came = self.movement is not None and self.movement.type in RESTOCKS
        return came and self.before.version > 0 and self.before.available <= 0 < self.after.available

    @property
    def alerts(self) -> int:
        """How many low-stock alerts it fires."""
        return sum(isinstance(fact, LowStockDetected) for fact in self.facts)


def low_stock(record: StockRecord, threshold: int, alert: Alert | None) -> LowStockDetected:
    """Little is left: for the product's own threshold, or for a registered alert."""
    return LowStockDetected(
        product_id=record.product_id,
        sku=record.sku,
        name=record.name,
        translations=record.translations,
        available=record.available,
        threshold=threshold,
        alert_id=alert.id if alert else None,
        email=alert.email if alert else None,
    )


# --------------------------------------------------------------------------------------------------------- reservations


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is held for an order, and until when if nobody commits it; and what began it."""

    order_id: str
    state: State
    lines: tuple[OrderLine, ...] = ()
    due_at: str = ""
    shortages: tuple[Shortage, ...] = ()
    traceparent: str | None = None
    synthetic: str | None = None

    @property
    def holds(self) -> bool:
        """Whether stock is held."""
        return self.state in ("RESERVED", "COMMITTED")


def merged(lines: Iterable[OrderLine]) -> tuple[OrderLine, ...]:
    """One line per product."""
    quantities: dict[str, int] = {}
    for line in lines:
        quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
    return tuple(OrderLine(product_id=product, quantity=quantity) for product, quantity in quantities.items())


def shortages(lines: Sequence[OrderLine], records: dict[str, StockRecord]) -> tuple[Shortage, ...]:
    """The lines that cannot be reserved. Of a product that is gone or unknown there is nothing."""
    short = []
    for line in lines:
        record = records.get(line.product_id)
        available = record.available if record and not record.retired else 0
        if available < line.quantity:
            short.append(Shortage(product_id=line.product_id, requested=line.quantity, available=available))
    return tuple(short)
