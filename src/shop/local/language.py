"""What people at a terminal read, in the language of their environment: Japanese or English."""

import os

__all__ = ["say"]


def say(ja: str, en: str) -> str:
    """Whichever of both the environment asks for, as the C library would: LC_ALL, LC_MESSAGES, LANG."""
    asked = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return ja if asked.startswith("ja") else en
