"""Who asks, and who may."""

from enum import Flag, auto

import msgspec

__all__ = ["ADMIN", "ANONYMOUS", "ANYONE", "CUSTOMER", "OPERATOR", "OWNER", "Caller", "Who"]


class Who(Flag):
    """Who may call a route; joined with `|` they are alternatives."""

    ANYONE = auto()
    CUSTOMER = auto()  # everybody with an account
    OWNER = auto()  # whose id stands in the path as `userId`
    OPERATOR = auto()
    ADMIN = auto()  # may do what an operator may, too


ANYONE, CUSTOMER, OWNER, OPERATOR, ADMIN = Who.ANYONE, Who.CUSTOMER, Who.OWNER, Who.OPERATOR, Who.ADMIN


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: from the access token, if there is one. `token` is handed on to peers, never logged."""

    user_id: str | None = None
    groups: frozenset[str] = frozenset()
    token: str | None = None
    token_session: str | None = None
    client_address: str = ""
    session_id: str | None = None
    agent: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether an admin asks."""
        return "admin" in self.groups

    @property
    def is_operator(self) -> bool:
        """Whether an operator asks, or an admin, who may do the same."""
        return not self.groups.isdisjoint(("operator", "admin"))

    @property
    def is_service(self) -> bool:
        """Whether another service of the shop asks, on its own account or for somebody."""
        return self.agent.startswith("shop-") and "/" in self.agent and not self.agent.startswith("shop-traffic/")

    def may_see(self, user_id: str) -> bool:
        """Whether what belongs to this user may be shown: to himself, and to operators."""
        return self.user_id == user_id or self.is_operator

    def may(self, who: Who, owner: str | None) -> bool:
        """Whether a route for `who` is for this caller; `owner` is the path's `userId`."""
        return bool(
            Who.ANYONE in who
            or (Who.CUSTOMER in who and self.user_id)
            or (Who.OWNER in who and self.user_id and self.user_id == owner)
            or (Who.OPERATOR in who and self.is_operator)
            or (Who.ADMIN in who and self.is_admin)
        )


ANONYMOUS = Caller()
