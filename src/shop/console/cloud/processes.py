"""The shop's own processes, as the supervisor and the Lambda host tell of them."""

from pathlib import Path
from typing import Any

import msgspec

from shop.runtime.wire import Client, WireError

__all__ = ["Processes"]


class Processes:
    """`file` is what the supervisor writes at every start; `lambda_host` is asked for the environments of functions."""

    def __init__(self, client: Client, file: str | None, lambda_host: str | None) -> None:
        self._client, self._file, self._lambda_host = client, file, lambda_host

    async def running(self) -> list[dict[str, Any]]:
        """Those that run, the newest first."""
        found = self._supervised() + await self._environments()
        return sorted(found, key=lambda each: str(each["startedAt"]), reverse=True)

    def _supervised(self) -> list[dict[str, Any]]:
        if self._file is None:
            return []
        try:
            return list(msgspec.json.decode(Path(self._file).read_bytes()))
        except (OSError, msgspec.DecodeError):
            return []  # not written yet

    async def _environments(self) -> list[dict[str, Any]]:
        if self._lambda_host is None:
            return []
        try:
            answer = await self._client.request("GET", f"{self._lambda_host}/processes", timeout=2.0)
            return list(msgspec.json.decode(answer.body))
        except (WireError, msgspec.DecodeError, TypeError):
            return []  # it is not there yet, or just not now
