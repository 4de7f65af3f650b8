"""The routes of a service as OpenAPI 3.1, from the very types by which requests are read and answers written."""

import inspect
import re
import types
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from shop.kernel.errors import (
    Forbidden,
    MalformedRequest,
    PayloadTooLarge,
    Problem,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from shop.runtime.http.answers import Answer
from shop.runtime.http.pages import PageRequest
from shop.runtime.http.routes import Parameter, Route, Routes
from shop.runtime.http.who import Who

__all__ = ["openapi"]

REF = "#/components/schemas/{name}"
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is a stable machine word.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "traceId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "code", "traceId"],
}
PHRASES = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


def openapi(services: Iterable[Routes], version: str) -> dict[str, Any]:
    """One document of all routes of these services."""
    services = list(services)
    found = [(service.service, route) for service in services for route in service.all]
    kinds = {kind for _, route in found for kind in kinds_of(route)}
    _, components = msgspec.json.schema_components(kinds, ref_template=REF)
    names = dict(zip(kinds, msgspec.json.schema_components(kinds, ref_template=REF)[0], strict=True))
    paths: dict[str, Any] = {}
    for service, route in found:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(service, route, names)
    for each in services:
        paths |= health_of(each.service)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mieruka Shop",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**dict(sorted(components.items())), "Problem": PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def health_of(service: str) -> dict[str, Any]:
    """The two checks that every service has."""
    answers = {"200": {"description": "OK"}}
    down = {"503": {"description": "A dependency is down; `dependencies` names it."}}

    def check(state: str, summary: str, answers: dict[str, Any]) -> dict[str, Any]:
        name = f"{service}{state.capitalize()}"
        return {
            "get": {"operationId": name, "summary": summary, "tags": [service], "x-who": "anyone", "responses": answers}
        }

    return {
        f"/health/{service}/live": check("live", "Whether the process lives.", answers),
        f"/health/{service}/ready": check("ready", "Whether all that it needs is there.", answers | down),
    }


def content_of(route: Route) -> Any:
    """The type of a good answer; None for one without a body, bytes for one that is no JSON."""
    hint = route.answer
    if typing.get_origin(hint) is Answer:
        return typing.get_args(hint)[0]
    return None if hint in (None, type(None)) else hint


def kinds_of(route: Route) -> list[Any]:
    """The types that a route speaks of."""
    kinds = [parameter.kind for parameter in route.parameters.values() if parameter.place in ("path", "query")]
    content = content_of(route)
    return [each for each in (*kinds, route.body, *alternatives(content)) if each not in (None, type(None), bytes)]


def alternatives(kind: Any) -> tuple[Any, ...]:
    """The types of an answer that may have one of several."""
    return typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def operation(service: str, route: Route, names: dict[Any, Any]) -> dict[str, Any]:
    """One route."""
    text = inspect.getdoc(route.handler) or ""
    described: dict[str, Any] = {
        "operationId": camel_of(route.handler),
        "summary": route.summary,
        "tags": [service],
        "x-who": who_of(route.who),
        "parameters": [each for parameter in route.parameters.values() for each in parameters_of(parameter, names)],
        "responses": answers_of(route, names),
    }
    if more := text.partition("\n")[2].strip():
        described["description"] = more
    taken = {each["name"] for each in described["parameters"]}
    for name in re.findall(r"{(\w+)}", route.path):  # one that only says whose it is
        if name not in taken:
            described["parameters"].append(in_path(name, {"type": "string"}))
    if route.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": names[route.body]}}}
    if Who.ANYONE not in route.who:
        described["security"] = [{"bearer": []}]
    return described


def parameters_of(parameter: Parameter, names: dict[Any, Any]) -> list[dict[str, Any]]:
    """What one input of a handler is outside; what is given by the runtime is none, but If-Match and pages are."""
    match parameter.place:
        case "path":
            return [in_path(parameter.name, names[parameter.kind])]
        case "query":
            return [in_query(parameter.name, names[parameter.kind], required=parameter.required)]
        case "header":
            schema = {"type": "string"}
            return [{"name": parameter.name, "in": "header", "required": parameter.required, "schema": schema}]
        case "page":
            limit = msgspec.json.schema(PageRequest.__annotations__["limit"])
            return [in_query("limit", {**limit, "default": 20}), in_query("nextToken", {"type": "string"})]
    if parameter.name == "ifMatch":
        return [{"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}]
    if parameter.name == "language":
        schema = {"type": "string", "default": "ja"}
        return [{"name": "Accept-Language", "in": "header", "required": False, "schema": schema}]
    return []


def in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


def in_query(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    """A parameter in the query."""
    return {"name": name, "in": "query", "required": required, "schema": schema}


def answers_of(route: Route, names: dict[Any, Any]) -> dict[str, Any]:
    """The good answer, and the problems by status."""
    content = content_of(route)
    good: dict[str, Any] = {"description": PHRASES.get(route.status, "OK")}
    if content is bytes:
        good["content"] = {"*/*": {}}
    elif content is not None and content is not type(None):
        schemas = [names[each] for each in alternatives(content)]
        good["content"] = {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in dict.fromkeys([*route.raises, *implied(route)]):
        by_status.setdefault(problem.status, []).append(problem)
    answers = {str(route.status): good}
    for status in sorted(by_status):
        codes = " · ".join(f"`{problem.code}` {(problem.__doc__ or '').strip()}" for problem in by_status[status])
        schema = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
        answers[str(status)] = {"description": codes, "content": schema}
    return answers


def implied(route: Route) -> list[type[Problem]]:
    """What the runtime itself may answer."""
    problems: list[type[Problem]] = [Unauthenticated]
    if Who.ANYONE not in route.who:
        problems.append(Forbidden)
    if route.body is not None:
        problems += [PayloadTooLarge, UnsupportedMediaType, MalformedRequest]
    if route.body is not None or any(each.place in ("query", "page") for each in route.parameters.values()):
        problems.append(ValidationFailed)
    return problems


def who_of(who: Who) -> str:
    """Who may call, in words."""
    return ", ".join(each.name.lower() for each in Who if each in who and each.name)


def camel_of(handler: Any) -> str:
    """The name of a handler as an operation's id."""
    first, *rest = str(handler.__name__).split("_")
    return first + "".join(part.capitalize() for part in rest)
