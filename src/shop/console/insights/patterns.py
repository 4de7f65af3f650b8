"""Patterns: globs and regular expressions, as RE2 reads them."""

import re

import re2

from shop.console.insights.errors import InsightsError

__all__ = ["from_glob", "numbered"]

PIECE = re.compile(r"\\.|\[(?:\\.|\[:\w+:\]|[^\]\\])*\]|\(\?P?<(?P<name>[^>=!]+)>|\(\?|\(|.", re.DOTALL)


def numbered(pattern: str, at: int) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The pattern without its groups' names, and which number each name has."""
    count, names, pieces = 0, [], []
    for found in PIECE.finditer(pattern):
        text = found.group()
        if found["name"] or text == "(":
            count += 1
        if found["name"]:
            names.append((count, found["name"]))
        pieces.append("(" if found["name"] else text)
    plain = "".join(pieces)
    check(plain, at)
    return plain, tuple(names)


def check(pattern: str, at: int) -> None:
    """RE2 has no lookaround and no backreferences, so that no pattern takes forever."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        detail = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise InsightsError(f"this regular expression cannot be used: {detail}", at) from error


def from_glob(glob: str) -> str:
    """A regular expression in which every * is a group: as little as fits, the last one all that is left."""
    pieces = [re2.escape(piece) for piece in glob.split("*")]
    if pieces[-1] == "" and len(pieces) > 1:
        return "(?s)" + "(.*?)".join(pieces[:-1]) + "(.*)"
    return "(?s)" + "(.*?)".join(pieces)
