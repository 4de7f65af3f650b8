"""Names of constructs within a stack, from the names of what they make."""

import re

__all__ = ["pascal"]


def pascal(name: str) -> str:
    """`inventory-commands-dlq.fifo` as `InventoryCommandsDlqFifo`: ids have letters and digits only."""
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", name))
