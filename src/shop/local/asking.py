"""Questions of commands to the console of a running shop."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from shop.local.errors import Failed
from shop.local.language import say
from shop.local.running import known

__all__ = ["ask", "every"]


def ask(data: Path, path: str, **parameters: str | int | None) -> Any:
    """The JSON of an answer, or None for 404. Refused when no shop runs, Failed when its console does not answer."""
    given = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
    url = f"{known(data)['shop']['console']}{path}" + (f"?{urlencode(given)}" if given else "")
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own, on this machine
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        problem = json.loads(error.read() or b"{}")
        wrong = "; ".join(f"{each['field']}: {each['message']}" for each in problem.get("errors", ()))
        raise Failed(wrong or str(problem.get("detail", error))) from error
    except OSError as error:
        raise Failed(say(f"コンソールが応答しません: {error}", f"the console does not answer: {error}")) from error


def every(data: Path, path: str, **parameters: str | int | None) -> Iterator[Any]:
    """All items of a list, newest first."""
    token = None
    while True:
        page = ask(data, path, limit=1000, nextToken=token, **parameters)
        yield from page["items"]
        token = page["nextToken"]
        if token is None:
            return
