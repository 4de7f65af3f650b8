"""What the routes of catalog share: limits of texts, headers, and who sees what."""

from typing import Annotated

from msgspec import Meta
from starlette.requests import Request

from shop.catalog.model import Language
from shop.runtime.http import Caller, Headers

__all__ = ["FRESH", "Label", "Language", "Name", "is_view", "may_see"]

FRESH = Headers({"cache-control": "no-cache", "vary": "Accept-Language"})

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Label = Annotated[str, Meta(min_length=1, max_length=100)]


def may_see(caller: Caller, status: str) -> bool:
    """Whether a product with this status exists for the caller."""
    return status == "active" or caller.is_admin


def is_view(request: Request, caller: Caller) -> bool:
    """Whether a client looks, not another service, and at more than the headers."""
    return request.method == "GET" and not caller.is_service
