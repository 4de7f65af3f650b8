"""Questions to the shop's own processes."""

import contextlib
from typing import Any

import msgspec

from shop.runtime.wire import Client, Response, WireError

__all__ = ["answers", "ask"]


async def ask(client: Client, url: str, *, timeout: float = 2.0) -> Response | None:  # noqa: ASYNC109 - handed on
    """The answer to a GET, or None when there is none."""
    with contextlib.suppress(WireError):
        return await client.request("GET", url, timeout=timeout, max_body=1 << 24)
    return None


async def answers(client: Client, url: str, *, timeout: float = 2.0) -> bool:  # noqa: ASYNC109 - handed on
    """Whether a GET is answered well."""
    response = await ask(client, url, timeout=timeout)
    return response is not None and response.status == 200


def decoded(response: Response | None) -> Any:
    """The JSON of an answer, or None."""
    return msgspec.json.decode(response.body) if response is not None and response.status == 200 else None
