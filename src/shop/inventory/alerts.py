"""Low-stock alerts: the stock record has them too, so that the change which crosses a threshold knows whom to tell."""

from dataclasses import replace

from shop.inventory import store
from shop.inventory.model import MOST_ALERTS, Alert, AlertLimit, AlertNotFound, ProductNotFound
from shop.inventory.stock import Contention
from shop.kernel.ids import new_id
from shop.runtime.dynamo import ConditionFailed, Table

__all__ = ["add", "remove"]


async def add(table: Table, product_id: str, threshold: int, email: str | None) -> Alert:
    """Tell the operator, and `email`, each time the product falls to `threshold`.

    Raises ProductNotFound, AlertLimit.
    """
    alert = Alert(id=new_id(), product_id=product_id, threshold=threshold, email=email)
    contention = Contention()
    while await contention.again():
        record = await store.find_stock(table, product_id)
        if record is None or record.retired:
            raise ProductNotFound
        if len(record.alerts) >= MOST_ALERTS:
            raise AlertLimit
        after = replace(record, alerts=(*record.alerts, alert))
        try:
            await table.transact(*store.add_alert(table, record, after, alert))
        except ConditionFailed:
            continue
        return alert
    raise AssertionError("contention ends by returning or raising")


async def remove(table: Table, alert_id: str) -> None:
    """End an alert. Raises AlertNotFound."""
    contention = Contention()
    while await contention.again():
        alert = await store.find_alert(table, alert_id)
        record = await store.find_stock(table, alert.product_id) if alert else None
        if alert is None or record is None:
            raise AlertNotFound
        after = replace(record, alerts=tuple(each for each in record.alerts if each.id != alert_id))
        try:
            await table.transact(*store.remove_alert(table, record, after, alert))
        except ConditionFailed:
            continue
        return
