"""Somebody who visits the shop over HTTP."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from shop.local.language import say

__all__ = ["Answer", "Unexpected", "Visitor"]

PATIENCE = 30  # seconds: API Gateway's own limit


class Unexpected(Exception):
    """The shop did not answer as its contract says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None for a body that is none."""

    status: int
    headers: dict[str, str]
    text: str
    json: Any

    @property
    def trace_id(self) -> str:
        """What the services said."""
        return self.headers.get("x-trace-id", "")


@dataclass
class Visitor:
    """Asks one shop; `token` is who it is, if anybody."""

    url: str
    token: str | None = None
    answers: list[Answer] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request, whatever its status. Raises Unexpected when nobody answers."""
        sent = {"Accept-Language": "en", "User-Agent": "shop-smoke", "x-synthetic": "bot"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, sent, method=method)  # noqa: S310 - the shop's own address
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - likewise
                return self.noted(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return self.noted(error.code, error.headers, error.read())
        except OSError as error:
            raise Unexpected(f"{method} {path}: {error}") from error

    def noted(self, status: int, headers: Any, body: bytes) -> Answer:
        """An answer, kept."""
        text = body.decode(errors="replace")
        kind = headers.get("content-type", "")
        told = json.loads(text) if "json" in kind and text else None
        answer = Answer(status, {name.lower(): value for name, value in headers.items()}, text, told)
        self.answers.append(answer)
        return answer

    def must(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request that has to be answered so. Raises Unexpected."""
        answer = self.ask(method, path, body, **headers)
        if answer.status != status:
            raise Unexpected(
                f"{method} {path}: {answer.status} {say('(期待値', '(expected')} {status}) {answer.text[:300]}"
            )
        return answer
