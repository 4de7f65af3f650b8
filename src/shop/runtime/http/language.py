"""Which of the shop's two languages an answer is in."""

from functools import lru_cache
from typing import Literal

__all__ = ["Language", "language_of"]

Language = Literal["ja", "en"]


@lru_cache(maxsize=1024)
def language_of(accept_language: str) -> Language:
    """What an Accept-Language header asks for: `en` when it prefers that, else `ja`, the shop's own."""
    wishes: dict[str, float] = {}
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        base = tag.strip().lower().partition("-")[0]
        quality = parameters.strip().lower().removeprefix("q=") or "1"
        try:
            wishes[base] = max(wishes.get(base, 0.0), float(quality))
        except ValueError:
            continue  # not a quality: as if the tag were not there
    anything = wishes.get("*", 0.0)
    return "en" if wishes.get("en", anything) > wishes.get("ja", anything) else "ja"
