"""Numbers: computed as IEEE 754 and Go have it, and written as Prometheus's HTTP API does."""

import math
from collections.abc import Callable
from decimal import Decimal

__all__ = ["ARITHMETIC", "COMPARISONS", "divide", "lenient", "plain", "written"]


def divide(a: float, b: float) -> float:
    """By zero it is infinite, or nothing."""
    if b:
        return a / b
    if a == 0 or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, math.copysign(1, a) * math.copysign(1, b))


def modulo(a: float, b: float) -> float:
    """With the sign of the dividend."""
    return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)


def power(a: float, b: float) -> float:
    """NaN instead of a complex number, infinite instead of too large."""
    try:
        return math.pow(a, b)
    except OverflowError:
        odd = b.is_integer() and b % 2 == 1
        return -math.inf if a < 0 and odd else math.inf
    except ValueError:
        if a == 0:
            return math.copysign(math.inf, a) if b.is_integer() and b % 2 == 1 else math.inf
        return math.nan


def lenient(compute: Callable[[float], float], at_zero: float = math.nan) -> Callable[[float], float]:
    """A function of `math` that has an answer everywhere: NaN outside its domain, infinite beyond floats."""

    def computed(value: float) -> float:
        try:
            return float(compute(value))
        except OverflowError:
            return math.inf if value > 0 else -math.inf
        except ValueError:
            return at_zero if value == 0 else math.nan

    return computed


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": divide,
    "%": modulo,
    "^": power,
    "atan2": math.atan2,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def special(value: float) -> str | None:
    """What is written with letters."""
    if math.isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else None


def plain(value: float) -> str:
    """The shortest digits that are this number, never with an exponent."""
    word = special(value)
    if word is not None:
        return word
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def written(value: float) -> str:
    """As the HTTP API writes values: with an exponent where the number is very large or very small."""
    if special(value) is not None or value == 0 or 1e-6 <= abs(value) < 1e21:
        return plain(value)
    digits, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        digits, _, exponent = f"{Decimal(repr(value)):e}".partition("e")
    return f"{digits.removesuffix('.0')}e{'-' if exponent.startswith('-') else '+'}{exponent.lstrip('+-').lstrip('0')}"
