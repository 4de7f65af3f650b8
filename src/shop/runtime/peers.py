"""Synchronous calls to other services: through the gateway, as the caller, inside the trace, and never for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec

from shop import __version__, telemetry
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime import faults
from shop.runtime.http.who import Caller
from shop.runtime.wire import Client, Response, TimedOut, WireError
from shop.telemetry import names

__all__ = ["PeerProblem", "Peers"]

LIMIT = 1.0  # seconds that a call may take
AT_ONCE = 8  # calls of one process to one service
PATIENCE = 4.0  # seconds that a call waits for its turn


class PeerProblem(Exception):
    """What a peer said no with: its status, and the code of its problem."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(f"{status} {code}")


class Peers:
    """The other services as this one sees them. Workers have no caller, and so make no such calls."""

    def __init__(self, gateway_url: str, client: Client, service: str) -> None:
        self._gateway, self._client = gateway_url.rstrip("/"), client
        self._agent = f"shop-{service}/{__version__}"
        self._lanes: dict[str, asyncio.Semaphore] = {}

    async def get(self, path: str, caller: Caller, *, language: str = "ja") -> Any:
        """The JSON at a path of the gateway.

        Raises PeerProblem for a 4xx; DependencyUnavailable when the peer is down, DependencyTimeout after a second, or
        when too many others were before it.
        """
        headers = {"User-Agent": self._agent, "Accept": "application/json", "Accept-Language": language}
        if caller.token:
            headers["Authorization"] = f"Bearer {caller.token}"
        if (synthetic := telemetry.synthetic()) is not None:
            headers["X-Synthetic"] = synthetic
        if caller.session_id:
            headers["X-Session-Id"] = caller.session_id
        url = urlsplit(self._gateway)
        attributes: dict[str, Any] = {
            names.HTTP_REQUEST_METHOD: "GET",
            names.URL_PATH: path.partition("?")[0],
            names.SERVER_ADDRESS: url.hostname or "",
            names.SERVER_PORT: url.port or 443,
        }
        with telemetry.span("GET", kind="client", attributes=attributes) as span:
            headers["traceparent"] = span.traceparent
            await faults.point("http.out", path)
            async with self._turn(path):
                response = await self._exchange(path, headers)
            span.set({names.HTTP_RESPONSE_STATUS_CODE: response.status})
            return answer_of(response)

    @asynccontextmanager
    async def _turn(self, path: str) -> AsyncIterator[None]:
        """A few calls at once, one after the other beyond that: a hundred together would all take their second."""
        lane = self._lanes.setdefault(path.split("/")[1].partition("?")[0], asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(PATIENCE):
                await lane.acquire()
        except TimeoutError as error:
            raise DependencyTimeout("Another service has too much to do.") from error
        try:
            yield
        finally:
            lane.release()

    async def _exchange(self, path: str, headers: dict[str, str]) -> Response:
        try:
            return await self._client.request("GET", self._gateway + path, headers=headers, timeout=LIMIT)
        except TimedOut as error:
            raise DependencyTimeout("Another service did not answer in time.") from error
        except WireError as error:
            raise DependencyUnavailable("Another service cannot be reached.") from error


def answer_of(response: Response) -> Any:
    """The JSON of a good answer; an exception for any other."""
    try:
        body = msgspec.json.decode(response.body)
    except msgspec.DecodeError as error:
        raise DependencyUnavailable("Another service gave no usable answer.") from error
    if response.status < 300:
        return body
    if response.status == 504:
        raise DependencyTimeout("Another service did not answer in time.")
    if response.status >= 500 or response.status == 429:
        raise DependencyUnavailable("Another service cannot answer now.")
    raise PeerProblem(response.status, str(body.get("code", "")) if isinstance(body, dict) else "")
