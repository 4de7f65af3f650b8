"""Who may ask: this machine alone, under a name of its own. A page of another site in a browser here is refused."""

from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.kernel.errors import Problem
from shop.runtime.http.answers import problem_json
from shop.runtime.http.app import respond

__all__ = ["ForeignHost", "Guard", "is_ours"]

NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FOR_OTHERS: Final = (b"access-control-allow-origin", b"access-control-expose-headers")


class ForeignHost(Problem):
    """The console is for this machine alone: reach it as 127.0.0.1 or localhost."""

    status, code = 403, "FOREIGN_HOST"
    title = {"ja": "このホスト名では利用できません", "en": "Not under this host name"}  # noqa: RUF012 - as Problem's


def is_ours(host: str) -> bool:
    """Whether a Host header (or the authority of an Origin) names this machine, on any port."""
    try:
        return (urlsplit(f"//{host}").hostname or "") in NAMES
    except ValueError:
        return False


class Guard:
    """Around the console's application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; foreign ones are refused, and no answer is for scripts of other sites."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        foreign = scope["method"] not in SAFE and origin is not None and not is_ours(urlsplit(origin).netloc)
        if foreign or not is_ours(headers.get(b"host", "")):
            body = problem_json(ForeignHost(), "en", scope["path"], "")
            await respond(send, ForeignHost.status, body, [(b"content-type", b"application/problem+json")])
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [pair for pair in message["headers"] if pair[0] not in FOR_OTHERS]
            await send(message)

        await self.app(scope, receive, sending)
