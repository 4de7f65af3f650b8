"""Money as integers in the currency's minor unit (ISO 4217); yen has none."""

from dataclasses import dataclass

__all__ = ["Money", "yen"]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency, never a float."""

    amount: int
    currency: str = "JPY"


def yen(amount: int) -> Money:
    """`amount` yen."""
    return Money(amount)
