"""HTTP in: typed routes on Starlette, problems, pages, conditions, and the OpenAPI document that comes of them."""

from shop.runtime.http.answers import Answer, Headers, Version, check_version, etag
from shop.runtime.http.app import application
from shop.runtime.http.bodies import Body
from shop.runtime.http.language import Language, language_of
from shop.runtime.http.pages import Page, PageRequest, PageTokens
from shop.runtime.http.routes import Header, Routes
from shop.runtime.http.who import ADMIN, ANYONE, CUSTOMER, OPERATOR, OWNER, Caller, Who

__all__ = [
    "ADMIN",
    "ANYONE",
    "CUSTOMER",
    "OPERATOR",
    "OWNER",
    "Answer",
    "Body",
    "Caller",
    "Header",
    "Headers",
    "Language",
    "Page",
    "PageRequest",
    "PageTokens",
    "Routes",
    "Version",
    "Who",
    "application",
    "check_version",
    "etag",
    "language_of",
]
