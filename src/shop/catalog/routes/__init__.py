"""HTTP in, by what it is about."""

from shop.catalog.routes import categories, lists, pictures, products, reviews, search
from shop.runtime.http import Routes

__all__ = ["routes"]

routes = Routes(
    "catalog", products.routes, lists.routes, search.routes, pictures.routes, reviews.routes, categories.routes
)
