"""Random histories of two products and a few orders, against a plain account of what must become of them."""

from dataclasses import dataclass, field
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.inventory.conftest import lines

from shop.contracts.commands import CommitStock, ReleaseStock, ReserveStock, ShipStock
from shop.inventory import ledger, store, worker
from shop.inventory.reconcile import Deadline

ORDERS, PRODUCTS = 4, 2
QUANTITIES = st.lists(st.integers(0, 6), min_size=PRODUCTS, max_size=PRODUCTS).filter(any)
STEPS = st.one_of(
    st.tuples(st.just("reserve"), st.integers(1, ORDERS), QUANTITIES),
    st.tuples(st.sampled_from(["commit", "release", "ship"]), st.integers(1, ORDERS)),
    st.tuples(st.just("count"), st.integers(0, PRODUCTS - 1), st.integers(0, 20)),
    st.tuples(st.just("adjust"), st.integers(0, PRODUCTS - 1), st.integers(-8, 8).filter(bool)),
    st.just(("lapse",)),
)
COMMANDS = {"reserve": ReserveStock, "commit": CommitStock, "release": ReleaseStock, "ship": ShipStock}


@dataclass
class Books:
    """What must be: on hand and reserved per product, state and lines per order, and what was answered."""

    on_hand: list[int]
    reserved: list[int] = field(default_factory=lambda: [0] * PRODUCTS)
    states: dict[int, str] = field(default_factory=dict)
    lines: dict[int, list[int]] = field(default_factory=dict)

    def reserve(self, order, wanted):
        if order not in self.states:
            fits = all(r + w <= h for h, r, w in zip(self.on_hand, self.reserved, wanted, strict=True))
            self.states[order] = "RESERVED" if fits else "REJECTED"
            if fits:
                self.lines[order] = wanted
                self.add(self.reserved, wanted)
        return "StockRejected" if self.states[order] in ("REJECTED", "TOMBSTONE") else "StockReserved"

    def commit(self, order):
        if self.states.get(order) == "RESERVED":
            self.states[order] = "COMMITTED"
        return "StockCommitted" if self.states.get(order) in ("COMMITTED", "SHIPPED") else "StockCommitRejected"

    def release(self, order):
        state = self.states.setdefault(order, "TOMBSTONE")
        if state in ("RESERVED", "COMMITTED"):
            self.give_back(order, "RELEASED")
        return "StockReleased" if self.states[order] == "RELEASED" else None

    def ship(self, order):
        if self.states.get(order) in ("RESERVED", "COMMITTED"):
            self.give_back(order, "SHIPPED")
            self.add(self.on_hand, self.lines[order], -1)

    def lapse(self):
        for order, state in list(self.states.items()):
            if state == "RESERVED":
                self.give_back(order, "LAPSED")

    def give_back(self, order, state):
        self.states[order] = state
        self.add(self.reserved, self.lines[order], -1)

    def count(self, product, quantity):
        if quantity < self.reserved[product]:
            return 409
        self.on_hand[product] = quantity
        return 200

    def adjust(self, product, step):
        return self.count(product, self.on_hand[product] + step)

    @staticmethod
    def add(numbers, more, sign=1):
        for n, each in enumerate(more):
            numbers[n] += sign * each


async def age(table, order):
    """Let the time of an order's reservation be over, if it has one."""
    held = await store.find_reservation(table, order)
    if held is not None and held.state == "RESERVED":
        past = "2026-01-01T00:00:00.000Z"
        change = "SET dueAt = :past, gsi1sk = :past"
        await table.write(table.update(f"ORDER#{order}", "RESERVATION", change, values={"past": past}))


async def take(inventory, products, orders, books, step):
    """One step, in the books and in the service, which must answer alike."""
    kind, *what = step
    expected = getattr(books, kind)(*what)
    if kind == "lapse":
        for order in orders:
            await age(inventory.deps.inventory.table, order)
        await worker.sweep(inventory.deps.inventory, Deadline(60))
    elif kind in ("count", "adjust"):
        product, number = what
        body = {"onHand": number} if kind == "count" else {"adjustment": number, "reason": "x"}
        assert (await inventory.put(products[product], body)).status == expected
    else:
        order = orders[what[0] - 1]
        before = len(await inventory.types(order))
        wanted = what[1] if len(what) > 1 else books.lines.get(what[0], [1] * PRODUCTS)
        named = lines(**{p: n for p, n in zip(products, wanted, strict=True) if n})
        assert await inventory.receive(COMMANDS[kind](order_id=order, lines=named)) == []
        assert (await inventory.types(order))[before:] == ([expected] if expected else [])


def test_whatever_happens_the_stock_is_what_its_history_says(inventory, run):
    @settings(max_examples=25, deadline=None, database=None)
    @given(st.lists(STEPS, min_size=1, max_size=14))
    def lives(steps):
        run(history(steps))

    async def history(steps):
        await inventory.empty_outbox()
        products, orders = [await inventory.product(10) for _ in range(PRODUCTS)], [uuid4().hex for _ in range(ORDERS)]
        books = Books([10] * PRODUCTS)
        for step in steps:
            await take(inventory, products, orders, books, step)
        for product, on_hand, reserved in zip(products, books.on_hand, books.reserved, strict=True):
            assert await inventory.levels(product) == (on_hand, reserved, on_hand - reserved)
        assert await ledger.compare(inventory.deps.inventory.table, products) == []

    lives()
