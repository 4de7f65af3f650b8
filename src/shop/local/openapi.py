"""Writes the shop's OpenAPI document, which edge serves: `python -m shop.local.openapi [--check]`."""

import importlib
import sys
from pathlib import Path
from typing import Any

import msgspec

import shop
from shop.contracts.topology import SERVICES
from shop.runtime.http.openapi import openapi
from shop.runtime.http.routes import Routes

__all__ = ["FILE", "document", "main", "routes_of"]

FILE = Path(__file__).parents[1] / "edge" / "openapi.json"


def routes_of(service: str) -> Routes:
    """The routes of a service."""
    routes: Routes = importlib.import_module(f"shop.{service}.routes").routes
    return routes


def document() -> bytes:
    """The merged document of all services."""
    merged: Any = openapi((routes_of(service) for service in SERVICES), shop.__version__)
    return msgspec.json.format(msgspec.json.encode(merged, order="deterministic"), indent=1) + b"\n"


def main(arguments: list[str]) -> int:
    """Write the document; with `--check` only say whether it is as the routes are (1: it is not)."""
    current = document()
    if "--check" in arguments:
        if FILE.read_bytes() == current:
            return 0
        sys.stderr.write("src/shop/edge/openapi.json is older than the routes: run `make generate`\n")
        return 1
    FILE.write_bytes(current)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
