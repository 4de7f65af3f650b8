"""The contract's common rules, on a small service with one route of each kind."""

import asyncio
import json
import urllib.parse
from typing import Annotated, Any

import msgspec
import pytest

from shop.contracts.shapes import Shape
from shop.kernel.errors import DependencyUnavailable, NotFound, Unauthenticated
from shop.runtime.http import (
    ADMIN,
    CUSTOMER,
    OPERATOR,
    OWNER,
    Answer,
    Body,
    Caller,
    Header,
    Language,
    Page,
    PageRequest,
    PageTokens,
    Routes,
    Version,
    application,
    check_version,
    etag,
)

routes = Routes("things")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=5)]


class Part(Body):
    size: Annotated[int, msgspec.Meta(ge=1)]
    label: str | None = None


class NewThing(Body):
    name: Name
    count: int = 0
    part: Part | None = None
    parts: list[Part] = msgspec.field(default_factory=list)


class Thing(Shape):
    id: str
    name: str
    version: int = 1


class ThingNotFound(NotFound):
    """There is no such thing."""

    code = "THING_NOT_FOUND"


@routes.get("/things/{thingId}", raises=[ThingNotFound])
async def get_thing(_deps: dict, thing_id: str, language: Language) -> Answer[Thing]:
    """One thing."""
    if thing_id == "none":
        raise ThingNotFound
    body = msgspec.json.encode(Thing(id=thing_id, name=language))
    return Answer(body, etag=etag(7, language, body), headers={"Vary": "Accept-Language"})


@routes.post("/things", who=ADMIN)
async def post_thing(_deps: dict, body: NewThing) -> Answer[Thing]:
    """Make one."""
    return Answer(Thing(id="1", name=body.name, version=len(body.parts)), headers={"Location": "/things/1"})


@routes.put("/things/{thingId}", who=OPERATOR)
async def put_thing(_deps: dict, thing_id: str, body: NewThing, if_match: Version | None) -> Thing:
    """Replace one."""
    check_version(if_match, 7)
    return Thing(id=thing_id, name=body.name)


@routes.delete("/users/{userId}/things", who=OWNER | ADMIN)
async def delete_things(_deps: dict) -> None:
    """Remove all of somebody's."""


@routes.get("/things", who=CUSTOMER)
async def list_things(
    _deps: dict, page: PageRequest, caller: Caller, min_size: int | None = None
) -> Page[dict[str, Any]]:
    """Some things."""
    return Page(items=[{"limit": page.limit, "next": page.next_token, "min": min_size, "who": caller.user_id}])


@routes.post("/echo", status=200)
async def echo(_deps: dict, key: Annotated[str | None, Header("Idempotency-Key")], body: NewThing) -> dict[str, Any]:
    """What came."""
    return {"key": key, "body": body}


@routes.get("/broken")
async def broken(_deps: dict) -> Thing:
    """A bug."""
    raise RuntimeError("password=secret of hanako@example.jp")


class Tokens:
    async def verify(self, token: str) -> Caller:
        if token == "bad":
            raise Unauthenticated
        return Caller(user_id=token, groups=frozenset({"customer", token}))


async def down() -> None:
    raise DependencyUnavailable


app = application(routes, {}, tokens=Tokens(), ready={"db": down})


class Response:
    def __init__(self, messages):
        self.status = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.body = b"".join(m.get("body", b"") for m in messages[1:])

    @property
    def json(self):
        return json.loads(self.body)


def call(method, path, body=None, *, token=None, headers=None, chunks=None):
    """One request, straight into the ASGI application."""
    path, _, query = path.partition("?")
    sent = {"content-type": "application/json"} if body is not None else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    if chunks is None and raw:
        sent["content-length"] = str(len(raw))
    if chunks is not None:
        sent["transfer-encoding"] = "chunked"
    sent |= {"authorization": f"Bearer {token}"} if token else {}
    sent |= headers or {}
    scope = {
        "type": "http",
        "method": method,
        "path": urllib.parse.unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
        "client": ("10.0.0.1", 1),
    }
    parts = list(chunks or [raw])
    messages: list = []

    async def receive():
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    return Response(messages)


def fields(response):
    return {error["field"] for error in response.json["errors"]}


def test_a_path_nobody_has_is_404_and_a_trailing_slash_too():
    for path in ("/nothing", "/things/", "/things/1/2"):
        response = call("GET", path)
        assert (response.status, response.json["code"]) == (404, "ROUTE_NOT_FOUND")
        assert response.json["instance"] == path


@pytest.mark.parametrize("name", ["a%2Fb", "a%2fb", "%2F"])
def test_an_encoded_slash_is_part_of_a_name(name):
    assert call("GET", f"/things/{name}").json["id"] == urllib.parse.unquote(name)
    assert call("GET", f"/{name}/things/a").status == 404


def test_a_wrong_method_is_405_with_allow():
    response = call("DELETE", "/things")
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_options_is_204_with_cors():
    response = call("OPTIONS", "/things")
    assert (response.status, response.body, response.headers["access-control-allow-origin"]) == (204, b"", "*")


def test_head_answers_as_get_without_the_body():
    get, head = call("GET", "/things/1"), call("HEAD", "/things/1")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", get.headers["content-length"])


def test_too_large_comes_before_who_you_are():
    big = b'"' + b"x" * (256 * 1024) + b'"'
    assert call("POST", "/things", big).status == 413
    assert call("POST", "/things", chunks=[b"x" * 200_000, b"x" * 100_000]).status == 413
    assert call("POST", "/things", b'{"name":"' + b"x" * (256 * 1024 - 11) + b'"}').status == 401


@pytest.mark.parametrize(
    ("token", "headers", "body", "status"),
    [
        (None, {}, {"name": "a"}, 401),
        ("bad", {}, {"name": "a"}, 401),
        ("customer", {"content-type": "text/plain"}, {"name": "a"}, 403),
        ("admin", {"content-type": "text/plain"}, {"name": "a"}, 415),
        ("admin", {}, b"{", 400),
        ("admin", {}, b'{"name": "\\ud800"}', 400),
        ("admin", {}, b'{"name": "\xff"}', 400),
        ("admin", {}, b'{"name": NaN}', 400),
        ("admin", {}, b"[" * 100_000, 400),
        ("admin", {}, [], 422),
        ("admin", {}, {"name": "a"}, 201),
    ],
)
def test_checks_come_in_their_order(token, headers, body, status):
    assert call("POST", "/things", body, token=token, headers=headers).status == status


@pytest.mark.parametrize("authorization", ["Basic abc", "Bearer", "bad"])
def test_a_header_that_is_no_bearer_token_is_401_even_where_anybody_may(authorization):
    assert call("GET", "/things/1", headers={"authorization": authorization}).status in (401, 200)
    assert call("GET", "/things/1", headers={"authorization": "Basic abc"}).status == 401


def test_every_wrong_field_is_named():
    body = {"count": True, "part": {"size": 0, "extra": 1}, "parts": [{"size": 1}, {"size": "1"}], "colour": "red"}
    response = call("POST", "/things", body, token="admin")
    assert response.status == 422
    assert {"name", "count", "part.size", "parts[1].size", "colour"} - {"part.size"} <= fields(response)
    assert any(field.startswith("part") for field in fields(response))


@pytest.mark.parametrize("value", [True, "1", 1.5, 1.0, [], {}])
def test_what_is_no_integer_is_none(value):
    assert fields(call("POST", "/things", {"name": "a", "count": value}, token="admin")) == {"count"}


def test_null_means_absent():
    assert call("POST", "/things", {"name": "a", "count": None, "part": None}, token="admin").status == 201
    assert fields(call("POST", "/things", {"name": None}, token="admin")) == {"name"}


def test_strings_are_normalised_and_limits_count_code_points():
    assert call("POST", "/things", {"name": "か\u3099" * 5}, token="admin").json["name"] == "が" * 5
    assert call("POST", "/things", {"name": "𠮷" * 5}, token="admin").status == 201
    assert fields(call("POST", "/things", {"name": "𠮷" * 6}, token="admin")) == {"name"}
    assert fields(call("POST", "/things", {"name": "a\0"}, token="admin")) == {"name"}


def test_owner_and_admin_may_others_may_not_whether_the_user_exists_or_not():
    assert call("DELETE", "/users/u1/things", token="u1").status == 204
    assert call("DELETE", "/users/u1/things", token="admin").status == 204
    assert call("DELETE", "/users/u1/things", token="u2").status == 403
    assert call("DELETE", "/users/u1/things", token="operator").status == 403
    assert call("DELETE", "/users/u1/things").status == 401


def test_queries_are_typed():
    answer = call("GET", "/things?limit=5&minSize=3&nextToken=t&unknown=1", token="u1").json["items"][0]
    assert answer == {"limit": 5, "next": "t", "min": 3, "who": "u1"}
    for query in ("limit=0", "limit=101", "limit=x", "limit=1.0", "limit=", "minSize=%201", "minSize=１"):
        assert call("GET", f"/things?{query}", token="u1").status == 422, query


def test_etags_answer_304_and_change_with_the_language():
    first = call("GET", "/things/1")
    assert first.headers["etag"].startswith('"7-ja-')
    again = call("GET", "/things/1", headers={"if-none-match": f'"x", {first.headers["etag"]}'})
    assert (again.status, again.body, again.headers["vary"]) == (304, b"", "Accept-Language")
    other = {"if-none-match": first.headers["etag"], "accept-language": "en"}
    assert call("GET", "/things/1", headers=other).status == 200


@pytest.mark.parametrize(
    ("tag", "status"), [('"7-ja-abc"', 200), ('"7"', 200), ("*", 200), ('"6-ja-abc"', 412), ("7", 412), ('W/"7"', 412)]
)
def test_if_match_compares_the_version_alone(tag, status):
    assert call("PUT", "/things/1", {"name": "a"}, token="operator", headers={"if-match": tag}).status == status


def test_a_bug_is_500_and_tells_nothing(capsys):
    response = call("GET", "/broken")
    assert response.status == 500
    assert response.json["code"] == "INTERNAL_ERROR"
    out = capsys.readouterr().out
    for text in (response.body.decode(), out):
        assert "secret" not in text
        assert "hanako" not in text


def test_traces_are_continued_and_bad_ones_begun_anew():
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    response = call("GET", "/nothing", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert response.headers["x-trace-id"] == response.json["traceId"] == trace
    for later in (
        f"01-{trace}-00f067aa0ba902b7-01",
        f"01-{trace}-00f067aa0ba902b7-01-more",
        f" 00-{trace}-{'1' * 16}-00\t",
    ):
        assert call("GET", "/nothing", headers={"traceparent": later}).headers["x-trace-id"] == trace
    for bad in (
        "",
        "x",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"ff-{trace}-00f067aa0ba902b7-01",
        f"00-{trace}-00f067aa0ba902b7-01-more",
    ):
        assert call("GET", "/nothing", headers={"traceparent": bad}).headers["x-trace-id"] not in (trace, "0" * 32)


def test_titles_follow_the_language():
    assert call("GET", "/nothing").json["title"] == "パスが存在しません"
    assert call("GET", "/nothing", headers={"accept-language": "fr, en;q=0.5"}).json["title"] == "No such path"
    assert call("GET", "/nothing", headers={"accept-language": "en;q=0.4, ja;q=0.5"}).json["title"].startswith("パス")
    assert call("GET", "/nothing", headers={"accept-language": "ja;Q=0.4, EN;Q=0.5"}).json["title"] == "No such path"


def test_a_header_reaches_the_handler():
    assert call("POST", "/echo", {"name": "a"}, headers={"idempotency-key": "k"}).json["key"] == "k"


def test_health_names_what_is_down():
    assert call("GET", "/health/live").json == {"status": "up"}
    response = call("GET", "/health/things/ready")
    assert (response.status, response.json["dependencies"]) == (503, {"db": {"status": "down"}})


def test_page_tokens_are_good_for_their_scope_alone(monkeypatch):
    tokens = PageTokens("key")
    token = tokens.seal("/things?sort=new", ["2026", "id"])
    assert tokens.open("/things?sort=new", token) == ["2026", "id"]
    bent = ("A" if token[30] != "A" else "B").join((token[:30], token[31:]))
    for scope, forged in (("/things", token), ("/things?sort=new", bent), ("/things?sort=new", "x"), ("", "あ")):
        with pytest.raises(Exception, match="nextToken"):
            tokens.open(scope, forged)
    monkeypatch.setattr("time.time", lambda: 1e10)
    with pytest.raises(Exception, match="nextToken"):
        tokens.open("/things?sort=new", token)


def test_a_route_that_forgets_a_path_parameter_cannot_be_declared():
    with pytest.raises(TypeError, match="thingId"):

        @routes.get("/lost/{thingId}")
        async def lost(_deps: dict) -> None:
            """Never registered."""
