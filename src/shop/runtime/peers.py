"""Synchronous calls to other services: through the gateway, as the caller, inside the trace, and never for long."""

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

LIMIT = 1.0  # seconds


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

    async def get(self, path: str, caller: Caller, *, language: str = "ja") -> Any:
        """The JSON at a path of the gateway.

        Raises PeerProblem for a 4xx; DependencyUnavailable when the peer is down, DependencyTimeout after one second.
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
            response = await self._exchange(path, headers)
            span.set({names.HTTP_RESPONSE_STATUS_CODE: response.status})
            return answer_of(response)

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
