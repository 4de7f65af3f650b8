"""What the service is made of."""

from dataclasses import dataclass

from shop.notifications.mailer import Mailer
from shop.runtime.dynamo import Table
from shop.runtime.http import PageTokens

__all__ = ["Notifications"]


@dataclass(frozen=True, slots=True)
class Notifications:
    """Its table and mailer; where links lead, and where alerts go."""

    table: Table
    mailer: Mailer
    pages: PageTokens
    public_url: str
    operator_email: str
