"""What attributes and fields may be, and what stands for an error among them."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from shop.kernel.errors import Problem, Unprocessable

__all__ = ["Attributes", "Value", "error_message", "error_type"]

Value: TypeAlias = str | int | float | bool | Sequence[str] | None
Attributes: TypeAlias = Mapping[str, Value] | None


def error_type(error: BaseException | str) -> str:
    """The low-cardinality word for an error: a problem's code, else the name of its class."""
    if isinstance(error, str):
        return error
    if isinstance(error, Problem):
        return error.code
    kind = type(error)
    if kind.__module__ == "builtins" or kind.__module__.startswith("shop."):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def error_message(error: BaseException | str) -> str:
    """What may be told of an error: the message of our own only, since a library's may quote a customer's data."""
    return str(error) if isinstance(error, Problem | Unprocessable) else ""
