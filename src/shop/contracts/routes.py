"""The route table of the API gateway: which service answers what.

The local gateway and the CDK application build from it. Each service's `routes.py` says what a route does; a test holds
both against each other. What is not here goes to `edge`, as API Gateway's `$default` does.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["DEFAULT", "ROUTES", "Route"]

Method = Literal["GET", "POST", "PUT", "DELETE"]
DEFAULT = "edge"


@dataclass(frozen=True, slots=True)
class Route:
    """`path` as in OpenAPI: `/products/{productId}`. HEAD follows GET, OPTIONS is CORS: neither is listed."""

    method: Method
    path: str
    service: str


def of(service: str, *routes: tuple[Method, str]) -> tuple[Route, ...]:
    """Routes of one service, its two health checks among them."""
    health: tuple[tuple[Method, str], ...] = (("GET", f"/health/{service}/live"), ("GET", f"/health/{service}/ready"))
    return tuple(Route(method, path, service) for method, path in (*routes, *health))


ROUTES = (
    *of(
        "catalog",
        ("GET", "/products"),
        ("POST", "/products"),
        ("GET", "/products/search"),
        ("GET", "/products/{productId}"),
        ("PUT", "/products/{productId}"),
        ("DELETE", "/products/{productId}"),
        ("GET", "/products/{productId}/images"),
        ("POST", "/products/{productId}/images"),
        ("DELETE", "/products/{productId}/images/{imageId}"),
        ("GET", "/products/{productId}/images/{imageId}/{size}"),
        ("GET", "/products/{productId}/reviews"),
        ("POST", "/products/{productId}/reviews"),
        ("DELETE", "/products/{productId}/reviews/{reviewId}"),
        ("GET", "/categories"),
        ("POST", "/categories"),
        ("GET", "/categories/{categoryId}"),
        ("PUT", "/categories/{categoryId}"),
        ("DELETE", "/categories/{categoryId}"),
        ("GET", "/categories/{categoryId}/products"),
        ("GET", "/search-index"),
        ("POST", "/search-index/rebuild"),
    ),
    *of(
        "users",
        ("POST", "/users"),
        ("POST", "/users/confirm"),
        ("POST", "/users/confirm/resend"),
        ("POST", "/auth/login"),
        ("POST", "/auth/refresh"),
        ("POST", "/auth/logout"),
        ("POST", "/auth/password/forgot"),
        ("POST", "/auth/password/reset"),
        ("GET", "/users/{userId}/profile"),
        ("PUT", "/users/{userId}/profile"),
        ("GET", "/users/{userId}/addresses"),
        ("POST", "/users/{userId}/addresses"),
        ("PUT", "/users/{userId}/addresses/{addressId}"),
        ("DELETE", "/users/{userId}/addresses/{addressId}"),
        ("GET", "/users/{userId}/sessions"),
        ("DELETE", "/users/{userId}/sessions/{sessionId}"),
        ("GET", "/users/{userId}/roles"),
        ("PUT", "/users/{userId}/roles"),
    ),
    *of(
        "orders",
        ("GET", "/carts/{userId}"),
        ("DELETE", "/carts/{userId}"),
        ("POST", "/carts/{userId}/items"),
        ("PUT", "/carts/{userId}/items/{itemId}"),
        ("DELETE", "/carts/{userId}/items/{itemId}"),
        ("POST", "/orders"),
        ("GET", "/orders/{orderId}"),
        ("GET", "/orders/{orderId}/events"),
        ("POST", "/orders/{orderId}/cancel"),
        ("POST", "/orders/{orderId}/shipments"),
        ("POST", "/orders/{orderId}/deliveries"),
        ("GET", "/users/{userId}/orders"),
    ),
    *of(
        "inventory",
        ("GET", "/inventory"),
        ("GET", "/inventory/alerts"),
        ("POST", "/inventory/alerts"),
        ("DELETE", "/inventory/alerts/{alertId}"),
        ("GET", "/inventory/{productId}"),
        ("PUT", "/inventory/{productId}"),
        ("GET", "/inventory/{productId}/movements"),
        ("POST", "/inventory/{productId}/notify"),
        ("DELETE", "/inventory/{productId}/notify"),
    ),
    *of(
        "notifications",
        ("GET", "/notifications"),
        ("GET", "/notifications/{notificationId}/open.gif"),
    ),
)
