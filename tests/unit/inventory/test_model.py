"""What a change of stock means to others, over random lives of a product."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shop.contracts.events import LowStockDetected, StockChanged, StockDepleted, StockReplenished
from shop.inventory.model import NOTHING, Alert, Change, Movement, StockNegative, StockRecord

MOVEMENTS = st.tuples(
    st.sampled_from(["RECEIPT", "ADJUSTMENT", "RESERVATION", "RELEASE", "SHIPMENT"]), st.integers(-12, 12)
)
LIVES = st.lists(MOVEMENTS, max_size=40)
THRESHOLDS = st.lists(st.integers(0, 15), max_size=4)


def lived(life, thresholds=()):
    """The changes of a product's life; what cannot happen is refused and left out."""
    alerts = tuple(Alert(id=str(n), product_id="p", threshold=each) for n, each in enumerate(thresholds))
    record = StockRecord("p", version=1, alerts=alerts)
    changes = []
    for kind, quantity in life:
        movement = Movement(type=kind, quantity=quantity, at="")
        try:
            after = record.moved(movement)
        except StockNegative:
            continue
        changes.append(Change(record, after, movement))
        record = after
    return changes


def told(change, kind):
    return [fact for fact in change.facts if isinstance(fact, kind)]


@given(LIVES)
def test_stock_is_never_negative_and_always_what_its_ledger_adds_up_to(life):
    sums = NOTHING
    for change in lived(life):
        sums = sums.plus(change.movement, change.after.version)
        assert (change.after.on_hand, change.after.reserved) == (sums.on_hand, sums.reserved)
        assert 0 <= change.after.reserved <= change.after.on_hand
        assert change.after.available >= 0


@given(LIVES)
def test_copies_hear_of_every_change_of_what_they_show_and_of_nothing_else(life):
    shown = (0, "OUT_OF_STOCK")
    for change in lived(life):
        for fact in told(change, StockChanged):
            assert (fact.available, fact.status) != shown
            shown = (fact.available, fact.status)
        assert shown == (change.after.available, change.after.status)


@given(LIVES)
def test_the_end_of_a_stock_is_told_once_and_its_return_only_when_goods_come(life):
    for change in lived(life):
        before, after = change.before.available, change.after.available
        assert len(told(change, StockDepleted)) == (before > 0 == after)
        came = change.movement.type in ("RECEIPT", "ADJUSTMENT")
        assert len(told(change, StockReplenished)) == (before == 0 < after and came)


@given(LIVES, THRESHOLDS)
def test_an_alert_fires_once_per_crossing_for_the_default_and_each_registered_one(life, thresholds):
    changes = lived(life, thresholds)
    fired = [(fact.threshold, fact.alert_id) for change in changes for fact in told(change, LowStockDetected)]
    assert sum(change.alerts for change in changes) == len(fired)
    for threshold, alert in [(5, None), *((each, str(n)) for n, each in enumerate(thresholds))]:
        levels = [0, *(change.after.available for change in changes)]
        crossings = sum(left <= threshold < before for before, left in pairwise(levels))
        assert fired.count((threshold, alert)) == crossings
