"""What the service is made of."""

from dataclasses import dataclass
from datetime import timedelta

from shop.runtime.dynamo import Table
from shop.runtime.http import PageTokens
from shop.users.cognito import Pool
from shop.users.letters import Mailer

__all__ = ["Users"]


@dataclass(frozen=True, slots=True)
class Users:
    """Its table, user pool and mailer, and its times."""

    table: Table
    pool: Pool
    mailer: Mailer
    pages: PageTokens
    code_ttl: timedelta
    session_ttl: timedelta
    registration_expires_after: timedelta

    @property
    def code_minutes(self) -> int:
        """How long a code is good, as a letter says it."""
        return max(1, round(self.code_ttl.total_seconds() / 60))
