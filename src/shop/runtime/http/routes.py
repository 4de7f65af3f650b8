"""Routes, written once: a typed handler says where its values come from, who may call it and what it raises.

    @routes.get("/orders/{orderId}", who=CUSTOMER, raises=[OrderNotFound])
    async def get_order(orders: Orders, caller: Caller, order_id: str, at: Moment | None = None) -> Order:

The first parameter is what the service is made of. Parameters named in the path come from there; `body` from the body;
`caller`, `language`, `if_match`, `request` and `parameters` are given; a `Header` from a header; every other one from
the query. All reflection happens here, at import; a request only runs the readers that came of it.
"""

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Scope

from shop.kernel.errors import Problem, RouteNotFound, ValidationFailed
from shop.runtime.http.answers import Version, version_in
from shop.runtime.http.bodies import Body, camel, query_reader, read_body
from shop.runtime.http.language import Language
from shop.runtime.http.pages import PageRequest
from shop.runtime.http.who import ANYONE, Caller, Who

__all__ = ["Call", "Header", "Parameter", "Route", "Routes"]

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)
Place = Literal["path", "query", "header", "body", "page", "given"]
Reader = Callable[["Call"], Any]


@dataclass(frozen=True, slots=True)
class Header:
    """Marks a parameter that comes from a header: `Annotated[str | None, Header("Idempotency-Key")]`.

    `missing` is raised when the header is absent or empty; without it the value is None then.
    """

    name: str
    missing: type[Problem] | None = None


class Call:
    """One request while it is read."""

    __slots__ = ("_query", "caller", "headers", "language", "path", "raw", "scope")

    def __init__(self, scope: Scope, headers: dict[str, str], language: Language) -> None:
        self.scope, self.headers, self.language = scope, headers, language
        self.caller = Caller()
        self.path: dict[str, str] = scope.get("path_params", {})
        self.raw = b""
        self._query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; of a repeated one the last. ValidationFailed: not UTF-8."""
        if self._query is None:
            try:
                text = self.scope["query_string"].decode()  # browsers escape what is not ASCII, curl does not
                self._query = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
            except (ValueError, UnicodeDecodeError) as error:
                raise ValidationFailed(("", "the query cannot be read")) from error
        return self._query


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of a handler, as OpenAPI tells of it too. `name` is the one outside."""

    name: str
    place: Place
    kind: Any
    required: bool
    read: Reader


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path with the handler behind it."""

    method: str
    path: str
    handler: Handler
    who: Who
    raises: tuple[type[Problem], ...]
    status: int
    answer: Any
    parameters: dict[str, Parameter] = field(default_factory=dict)
    open: bool = field(init=False, default=False)  # to everybody: known beforehand, since flags are slow to ask

    def __post_init__(self) -> None:
        object.__setattr__(self, "open", Who.ANYONE in self.who)

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @property
    def body(self) -> type[Body] | None:
        """What it takes, if it takes a body."""
        return next((each.kind for each in self.parameters.values() if each.place == "body"), None)


class Routes:
    """The routes of one service; `parts` are those that stand in files of their own."""

    def __init__(self, service: str, *parts: "Routes") -> None:
        self.service = service
        self.all: list[Route] = [route for part in parts for route in part.all]

    def get(self, path: str, *, who: Who = ANYONE, raises: Sequence[type[Problem]] = ()) -> Callable[[H], H]:
        """Answers GET, and HEAD likewise."""
        return self._on("GET", path, who, raises, 200)

    def post(
        self, path: str, *, who: Who = ANYONE, raises: Sequence[type[Problem]] = (), status: int = 201
    ) -> Callable[[H], H]:
        """Answers POST."""
        return self._on("POST", path, who, raises, status)

    def put(self, path: str, *, who: Who = ANYONE, raises: Sequence[type[Problem]] = ()) -> Callable[[H], H]:
        """Answers PUT."""
        return self._on("PUT", path, who, raises, 200)

    def delete(
        self, path: str, *, who: Who = ANYONE, raises: Sequence[type[Problem]] = (), status: int = 204
    ) -> Callable[[H], H]:
        """Answers DELETE."""
        return self._on("DELETE", path, who, raises, status)

    def _on(self, method: str, path: str, who: Who, raises: Sequence[type[Problem]], status: int) -> Callable[[H], H]:
        def register(handler: H) -> H:
            hints = typing.get_type_hints(handler, include_extras=True)
            parameters = parameters_of(handler, path, hints)
            self.all.append(Route(method, path, handler, who, tuple(raises), status, hints.get("return"), parameters))
            return handler

        return register


def parameters_of(handler: Handler, path: str, hints: dict[str, Any]) -> dict[str, Parameter]:
    """The inputs of a handler by their Python name, its first parameter (the service's parts) left out."""
    in_path = set(re.findall(r"{(\w+)}", path))
    signature = list(inspect.signature(handler).parameters.values())[1:]
    found = {each.name: parameter_of(each, in_path, hints[each.name]) for each in signature}
    missing = in_path - {each.name for each in found.values()}
    if missing - {"userId"}:  # which may stand there for `who=OWNER` alone
        raise TypeError(f"{handler.__name__} does not take {sorted(missing)} of {path}")
    return found


def parameter_of(parameter: inspect.Parameter, in_path: set[str], hint: Any) -> Parameter:
    """Where one parameter comes from, and what reads it."""
    name, required = camel(parameter.name), parameter.default is inspect.Parameter.empty
    if parameter.name in GIVEN:
        return Parameter(name, "given", hint, False, GIVEN[parameter.name])
    if hint is PageRequest:
        return Parameter(name, "page", hint, False, read_page)
    if isinstance(hint, type) and issubclass(hint, Body):
        return Parameter(name, "body", hint, True, lambda call: read_body(call.raw, hint))
    if name in in_path:
        return Parameter(name, "path", hint, True, read_path(name))
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, Header):
            return Parameter(mark.name, "header", hint, mark.missing is not None, read_header(mark))
    default, convert = None if required else parameter.default, query_reader(hint, name)

    def from_query(call: Call) -> Any:
        text = call.query.get(name)
        if text is not None:
            return convert(text)
        if required:
            raise ValidationFailed((name, "is required"))
        return default

    return Parameter(name, "query", hint, required, from_query)


def read_path(name: str) -> Reader:
    """A part of the path. Nothing is called by a name with U+0000 in it, which PostgreSQL would not even take."""

    def reader(call: Call) -> str:
        text = call.path[name]
        if "\0" in text:
            raise RouteNotFound
        return text

    return reader


def read_header(header: Header) -> Reader:
    """A header's value, or what its absence means."""
    name, missing = header.name.lower(), header.missing

    def reader(call: Call) -> str | None:
        value = call.headers.get(name)
        if not value and missing is not None:
            raise missing
        return value

    return reader


read_limit = query_reader(PageRequest.__annotations__["limit"], "limit")


def read_page(call: Call) -> PageRequest:
    """`?limit=` and `?nextToken=`."""
    query = call.query
    limit = read_limit(query["limit"]) if "limit" in query else 20
    return PageRequest(limit, query.get("nextToken") or None)


def read_if_match(call: Call) -> Version | None:
    """The version in If-Match."""
    return version_in(call.headers.get("if-match"))


def read_parameters(call: Call) -> dict[str, list[str]]:
    """Query and form, all values of each name: a GET that is too long for its URL is POSTed."""
    found: dict[str, list[str]] = {}
    form = call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    try:
        for text in (call.scope["query_string"].decode(), call.raw.decode() if form else ""):
            for name, value in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100):
                found.setdefault(name, []).append(value)
    except ValueError as error:
        raise ValidationFailed(("", "query or form cannot be read")) from error
    return found


GIVEN: dict[str, Reader] = {
    "caller": lambda call: call.caller,
    "language": lambda call: call.language,
    "if_match": read_if_match,
    "request": lambda call: Request(call.scope),
    "parameters": read_parameters,
}
