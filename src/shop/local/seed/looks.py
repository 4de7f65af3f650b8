"""What the hand-picked look like, where it is not the shape of their category in one of the usual colours."""

from shop.local.seed.pictures import WHITE

__all__ = ["LOOKS"]

# fmt: off
LOOKS: dict[str, tuple[str | None, int | None]] = {
    "朝のマグ 白": (None, WHITE),
}
# fmt: on
