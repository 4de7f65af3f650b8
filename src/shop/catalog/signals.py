"""The telemetry of catalog in business words."""

from shop.telemetry import count, log, names

__all__ = ["category_changed", "category_viewed", "product_changed", "product_viewed"]


def product_viewed(product_id: str, root: str) -> None:
    """`catalog.product_views`: how often are products looked at, and in which part of the shop?"""
    count(names.CATALOG_PRODUCT_VIEWS, {names.CATEGORY_ROOT: root})
    log(names.PRODUCT_VIEWED, {names.FIELD_PRODUCT_ID: product_id})


def category_viewed(root: str) -> None:
    """`catalog.category_views`: which parts of the shop are visited?"""
    count(names.CATALOG_CATEGORY_VIEWS, {names.CATEGORY_ROOT: root})
    log.add({names.CATEGORY_ROOT: root})


def product_changed(product_id: str) -> None:
    """Which product did this request write?"""
    log.add({names.PRODUCT_ID: product_id})


def category_changed(category_id: str) -> None:
    """Which category did this request write?"""
    log.add({names.CATEGORY_ID: category_id})
