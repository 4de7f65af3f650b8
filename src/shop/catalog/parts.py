"""What the service is made of."""

from dataclasses import dataclass

from shop.runtime.http import PageTokens
from shop.runtime.postgres import Database
from shop.runtime.s3 import Bucket

__all__ = ["Catalog"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Its database, its pictures, and what seals its page tokens."""

    db: Database
    pictures: Bucket
    pages: PageTokens
