"""Settings: every one an environment variable, read once, by a service's `app`, and checked whole."""

import inspect
import os
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from shop.kernel.errors import SettingsError

__all__ = ["duration", "load", "variable"]

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> timedelta:
    """`250ms`, `10s`, `15m`, `24h` or `30d` as a span of time; ValueError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if match is None:
        raise ValueError(f"{text} is no duration (such as 250ms, 10s, 15m, 24h, 30d)")
    return timedelta(seconds=float(match[1]) * UNITS[match[2]])


def boolean(text: str) -> bool:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise ValueError(f"{text} is neither true nor false")
    return text == "true"


PARSERS: dict[type, Callable[[str], Any]] = {str: str, int: int, float: float, bool: boolean, timedelta: duration}


def variable(field: str) -> str:
    """The environment variable of a settings field: `order_stuck_after` is `ORDER_STUCK_AFTER`."""
    return field.upper()


T = typing.TypeVar("T")


def load(settings: type[T], environ: Mapping[str, str] = os.environ) -> T:
    """A `settings` value from the environment. SettingsError names every variable that is missing or wrong."""
    wrong: list[str] = []
    values: dict[str, Any] = {}
    hints = typing.get_type_hints(settings)
    for name, parameter in inspect.signature(settings).parameters.items():
        text = environ.get(variable(name))
        if text is None or text == "":
            if parameter.default is inspect.Parameter.empty:
                wrong.append(f"{variable(name)} is missing")
            continue
        try:
            values[name] = parser_of(hints[name])(text)
        except ValueError as error:
            wrong.append(f"{variable(name)}={text}: {error}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    try:
        return settings(**values)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def parser_of(hint: Any) -> Callable[[str], Any]:
    """What reads a setting of this type; the type of an optional one is its member that is not None."""
    if isinstance(hint, types.UnionType):
        hint = next(member for member in typing.get_args(hint) if member is not type(None))
    return PARSERS[hint]
