"""AWS as a test has it."""

from dataclasses import dataclass

from shop.local.emulator import Access
from shop.local.environment import common
from shop.local.provision import Provisioned

__all__ = ["Account"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the emulator with everything in it that `contracts.topology` declares."""

    access: Access
    provisioned: Provisioned

    def environment(self) -> dict[str, str]:
        """The settings by which a service uses it. DATABASE_URL, TABLE_NAME and GATEWAY_URL are the test's own."""
        return {**common(self.access, self.provisioned), "PAGE_TOKEN_KEY": "test"}

    def queue_url(self, queue: str) -> str:
        """The address of one of the shop's queues."""
        return self.access.queue_url_prefix + queue
