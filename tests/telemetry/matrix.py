"""Which service tells what, and which span leads to which: the expectations of all tests of traces, as data.

A step is written `service kind name type`: a span of these; the type is the event's or command's, where there is one.
"""

from typing import Final

__all__ = ["CHORES", "ORDERS", "REQUESTS", "SIGNALS", "Edge"]

Edge = tuple[str, str]  # parent step, child step; what lies between them (a query, an AWS call) is left out

# service x signal
SERVICES: Final = ("gateway", "edge", "catalog", "orders", "users", "inventory", "notifications")
SIGNALS: Final = dict.fromkeys(SERVICES, ("traces", "metrics", "logs"))


def edges(text: str) -> frozenset[Edge]:
    """A table of edges: a line `parent > child` each."""
    rows = (line.partition(" > ") for line in text.strip().splitlines())
    return frozenset((parent.strip(), child.strip()) for parent, _, child in rows)


PLACED: Final = edges("""
    gateway server POST /orders > gateway client POST /orders
    gateway client POST /orders > orders server POST /orders
    orders server POST /orders > orders client GET
    orders client GET > gateway server GET /users/{userId}/addresses
    gateway server GET /users/{userId}/addresses > gateway client Invoke users-http
    gateway client Invoke users-http > users server GET /users/{userId}/addresses
    orders server POST /orders > orders producer send shop OrderPlaced
    orders server POST /orders > orders producer send inventory-commands.fifo ReserveStock
    orders producer send inventory-commands.fifo ReserveStock > inventory consumer process inventory-commands.fifo ReserveStock
""")
RESERVED: Final = edges("""
    inventory consumer process inventory-commands.fifo ReserveStock > inventory producer send shop StockReserved
    inventory consumer process inventory-commands.fifo ReserveStock > inventory producer send shop StockChanged
    inventory producer send shop StockChanged > catalog consumer process catalog-events StockChanged
    inventory producer send shop StockReserved > orders consumer process orders-events StockReserved
    orders consumer process orders-events StockReserved > orders producer send orders-payments TakePayment
    orders producer send orders-payments TakePayment > orders consumer process orders-payments TakePayment
    orders consumer process orders-payments TakePayment > orders client charge
""")
EMPTIED: Final = edges("""
    inventory consumer process inventory-commands.fifo ReserveStock > inventory producer send shop StockDepleted
""")
PAID: Final = edges("""
    orders consumer process orders-payments TakePayment > orders producer send inventory-commands.fifo CommitStock
    orders producer send inventory-commands.fifo CommitStock > inventory consumer process inventory-commands.fifo CommitStock
    inventory consumer process inventory-commands.fifo CommitStock > inventory producer send shop StockCommitted
    inventory producer send shop StockCommitted > orders consumer process orders-events StockCommitted
""")
CONFIRMED: Final = edges("""
    orders consumer process orders-events StockCommitted > orders producer send shop OrderConfirmed
    orders producer send shop OrderConfirmed > notifications consumer process notifications-events OrderConfirmed
    notifications consumer process notifications-events OrderConfirmed > notifications client SESv2.SendEmail
    notifications consumer process notifications-events OrderConfirmed > notifications producer send shop NotificationSent
""")
CANCELLED: Final = edges("""
    orders producer send shop OrderCancelled > notifications consumer process notifications-events OrderCancelled
    notifications consumer process notifications-events OrderCancelled > notifications client SESv2.SendEmail
    notifications consumer process notifications-events OrderCancelled > notifications producer send shop NotificationSent
""")
REJECTED: Final = edges("""
    inventory consumer process inventory-commands.fifo ReserveStock > inventory producer send shop StockRejected
    inventory producer send shop StockRejected > orders consumer process orders-events StockRejected
    orders consumer process orders-events StockRejected > orders producer send shop OrderCancelled
""")
RELEASED: Final = edges("""
    orders producer send inventory-commands.fifo ReleaseStock > inventory consumer process inventory-commands.fifo ReleaseStock
    inventory consumer process inventory-commands.fifo ReleaseStock > inventory producer send shop StockReleased
    inventory consumer process inventory-commands.fifo ReleaseStock > inventory producer send shop StockChanged
    inventory producer send shop StockChanged > catalog consumer process catalog-events StockChanged
""")
UNPAID: Final = RELEASED | edges("""
    orders consumer process orders-payments TakePayment > orders producer send shop OrderCancelled
    orders consumer process orders-payments TakePayment > orders producer send inventory-commands.fifo ReleaseStock
""")

GOOD: Final = PLACED | RESERVED | PAID | CONFIRMED
BAD: Final = PLACED | RESERVED | UNPAID | CANCELLED
# The trace of each order of the story (tests/support/story), from its request to its mail, whatever became of it.
ORDERS: Final[dict[str, frozenset[Edge]]] = {
    "visa": GOOD,
    "shipped": GOOD,
    "cancelled": GOOD,
    "tok_slow": GOOD,
    "tok_flaky": GOOD,
    "come_back": GOOD,
    "killed": GOOD,  # the worker, before it had sent anything of it
    "killed_paying": GOOD,  # ... while it waited for the provider
    "killed_paying_too": GOOD,
    "killed_paying_as_well": GOOD,
    "last": GOOD | EMPTIED,
    "too_late": PLACED | REJECTED | CANCELLED,
    "tok_declined": BAD,
    "tok_insufficient_funds": BAD,
    "tok_timeout": BAD,
}
# Other requests that go further than their answer.
REQUESTS: Final[dict[str, frozenset[Edge]]] = {
    "POST /orders/{orderId}/cancel": edges("""
        gateway server POST /orders/{orderId}/cancel > gateway client POST /orders/{orderId}/cancel
        gateway client POST /orders/{orderId}/cancel > orders server POST /orders/{orderId}/cancel
        orders server POST /orders/{orderId}/cancel > orders producer send shop OrderCancelled
        orders server POST /orders/{orderId}/cancel > orders producer send inventory-commands.fifo ReleaseStock
        orders server POST /orders/{orderId}/cancel > orders producer send orders-payments RefundPayment
        orders producer send orders-payments RefundPayment > orders consumer process orders-payments RefundPayment
    """)
    | RELEASED
    | CANCELLED,
    "POST /orders/{orderId}/shipments": edges("""
        gateway server POST /orders/{orderId}/shipments > gateway client POST /orders/{orderId}/shipments
        gateway client POST /orders/{orderId}/shipments > orders server POST /orders/{orderId}/shipments
        orders server POST /orders/{orderId}/shipments > orders producer send shop OrderShipped
        orders server POST /orders/{orderId}/shipments > orders producer send inventory-commands.fifo ShipStock
        orders producer send inventory-commands.fifo ShipStock > inventory consumer process inventory-commands.fifo ShipStock
        orders producer send shop OrderShipped > notifications consumer process notifications-events OrderShipped
        notifications consumer process notifications-events OrderShipped > notifications client SESv2.SendEmail
        notifications consumer process notifications-events OrderShipped > notifications producer send shop NotificationSent
    """),
    "POST /users/confirm": edges("""
        gateway server POST /users/confirm > gateway client Invoke users-http
        gateway client Invoke users-http > users server POST /users/confirm
        users server POST /users/confirm > users producer send shop UserConfirmed
        users producer send shop UserConfirmed > notifications consumer process notifications-events UserConfirmed
    """),
    "POST /products": edges("""
        gateway server POST /products > gateway client POST /products
        gateway client POST /products > catalog server POST /products
        catalog server POST /products > catalog producer send shop ProductCreated
        catalog producer send shop ProductCreated > inventory consumer process inventory-events ProductCreated
        catalog producer send shop ProductCreated > orders consumer process orders-events ProductCreated
        inventory consumer process inventory-events ProductCreated > inventory producer send shop StockChanged
        inventory producer send shop StockChanged > catalog consumer process catalog-events StockChanged
    """),
}

# What time brings about: for each schedule and timer of a service what it does, and what is then due (`telemetry.due`, so
# that it is marked as what began it). A dash: nobody's, since it tells nothing of what anybody did.
CHORES: Final[dict[str, dict[str, str]]] = {
    "catalog.worker.tidy": {"images.expire": "-", "images.to_remove": "-", "images.removed": "-"},
    "inventory.worker.on_reconcile": {"reconcile.begin": "-", "reconcile.advance": "-"},
    "inventory.worker.on_sweep": {
        "relay.sweep": "-",  # each message has its mark
        "store.lapsing": "-",
        "stock.lapse": "reservation",
        "store.count_waiting": "-",  # a gauge per mark
        "store.count_by_status": "-",
        "reconcile.advance": "-",
    },
    "notifications.worker.on_sweep": {"relay.sweep": "-", "delivery.resume": "mail"},
    "orders.worker.sweeper": {
        "carts.abandon": "cart",
        "store.lock_stuck": "-",
        "progress.take_step": "order",
        "store.nudge": "order",
        "payment.close_left_open": "payment",
        "store.trim": "-",
        "inbox.trim": "-",
    },
    "users.worker.on_sweep": {
        "relay.sweep": "-",
        "store.due": "-",
        "sessions.expire": "session",
        "accounts.expire": "registration",
    },
}
