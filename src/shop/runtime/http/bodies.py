"""What comes in, checked: strict types, no unknown fields, and every field that is wrong named at once."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, dataclass_transform

import msgspec

from shop.kernel.errors import MalformedRequest, ValidationFailed

__all__ = ["MAX_BODY", "Body", "camel", "query_reader", "read_body"]

MAX_BODY = 256 * 1024
NUMBER = re.compile(r"-?\d{1,18}")
B = TypeVar("B")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of request bodies. Limits stand in the types: `Annotated[str, Meta(max_length=200)]` counts code points."""


def camel(name: str) -> str:
    """`order_id` as it stands in JSON, in queries and in paths: `orderId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def read_body(raw: bytes, kind: type[B]) -> B:
    """The body as `kind`. MalformedRequest: no JSON. ValidationFailed: JSON, but not this."""
    try:
        value = clean(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest("The body is not JSON, or nested too deeply.") from error
    if not isinstance(value, dict):
        raise ValidationFailed(("", "must be a JSON object"))
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValidationFailed(*(wrong_fields(value, kind) or [located("", error)])) from error


def clean(value: Any, path: str = "") -> Any:
    """Strings in NFC; members that are null taken out, since null means absent."""
    match value:
        case str():
            if "\0" in value:
                raise ValidationFailed((path, "must not contain the character U+0000"))
            return value if value.isascii() else unicodedata.normalize("NFC", value)
        case dict():
            inner = f"{path}." if path else ""
            return {clean(name): clean(member, inner + name) for name, member in value.items() if member is not None}
        case list():
            return [clean(member, f"{path}[{index}]") for index, member in enumerate(value)]
    return value


def wrong_fields(value: Mapping[str, Any], kind: Any) -> list[tuple[str, str]]:
    """Every field of `value` that is not as `kind` has it: msgspec alone would stop at the first."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    wrong = [(name, "is not a field of this request") for name in value if name not in fields]
    for name, field in fields.items():
        if name not in value:
            if field.required:
                wrong.append((name, "is required"))
            continue
        try:
            msgspec.convert(value[name], field.type)
        except msgspec.ValidationError as error:
            wrong.append(located(name, error))
    return wrong


def located(name: str, error: Exception) -> tuple[str, str]:
    """Where, and what is wrong there: msgspec says it as `Expected ... - at `$.a[0]``."""
    message, _, place = str(error).partition(" - at `$")
    return (name + place.rstrip("`")).lstrip("."), message


def query_reader(kind: Any, name: str) -> Callable[[str], Any]:
    """What reads one query parameter as its type. It raises ValidationFailed."""
    is_number = kind_is(kind, msgspec.inspect.IntType)
    is_moment = kind_is(kind, msgspec.inspect.DateTimeType)

    def reader(text: str) -> Any:
        text = clean(text, name)
        if is_number and not NUMBER.fullmatch(text):
            raise ValidationFailed((name, "must be an integer"))
        try:
            return msgspec.convert(text, kind, strict=is_moment)
        except msgspec.ValidationError as error:
            raise ValidationFailed(located(name, error)) from error

    return reader


def kind_is(kind: Any, wanted: type[msgspec.inspect.Type]) -> bool:
    """Whether a parameter is of this type: msgspec alone would take ` 1` or `1.0` as an integer, `1` as a time."""
    inner = msgspec.inspect.type_info(kind)
    options = inner.types if isinstance(inner, msgspec.inspect.UnionType) else (inner,)
    return any(isinstance(option, wanted) for option in options)
