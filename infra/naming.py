"""What one deployment is called: its name is part of every resource's, so that many can stand in one account."""

import re
from dataclasses import dataclass

__all__ = ["Account", "Deployment", "InvalidName"]

LONGEST = 12  # `shop-<name>-inventory-commands-dlq.fifo` must fit SQS's 80, `shop-<name>-notifications` ALB's 32


class InvalidName(ValueError):
    """A deployment's name has 1 to 12 characters, a-z, 0-9 and -, begins with a letter and does not end with -."""


@dataclass(frozen=True, slots=True)
class Account:
    """What its deployments share.

    `sender`: the address that their mails come from; its owner confirms it to SES once, and is told when the account's
    bill passes `monthly_usd`. `traced`: it had Transaction Search and Application Signals before; `known`: SES had the
    sender before. There is one of each, and CloudFormation makes none a second time, nor takes over one of others.
    """

    sender: str
    monthly_usd: int
    traced: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class Deployment:
    """`name`: who it belongs to, such as `taro`. `email`: where alerts go; none: the account's sender.

    `image_tag`: which images the containers run; the hash of what they are built from.
    """

    name: str = "dev"
    email: str | None = None
    image_tag: str = "none"

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST or not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", self.name):
            raise InvalidName(f"{self.name}: {InvalidName.__doc__}")

    @property
    def prefix(self) -> str:
        """What stands before the name of every resource."""
        return f"shop-{self.name}-"

    def named(self, name: str) -> str:
        """The name of a resource of this deployment."""
        return f"{self.prefix}{name}"

    def log_group(self, service: str) -> str:
        """`/shop/<env>/<service>`, as the console calls it on a laptop."""
        return f"/shop/{self.name}/{service}"
