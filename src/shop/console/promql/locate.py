"""Where in a query an error is: the parser says what is wrong, this finds the place."""

import re
from collections.abc import Iterator

from shop.console.promql.model import QueryError

__all__ = ["line_and_column", "located", "words_of"]

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
      | (?P<open_text>["'`])
      | (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:[a-zA-Z]\w*)?)
      | (?P<word>[a-zA-Z_:][\w:]*)
      | (?P<operator>=~|!~|==|!=|>=|<=|[-+*/%^<>=@,:])
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<other>.)
    """,
    re.VERBOSE,
)
NUMBER = re.compile(
    r"0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?"
)
QUOTED = re.compile(r"['\"`](.+?)['\"`]")
PAIRS = {"(": ")", "[": "]", "{": "}"}
BINARY = {
    "and",
    "or",
    "unless",
    "atan2",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "by",
    "without",
}
TokenAt = tuple[str, str, int]  # its kind, its text, where it begins


def located(message: str, query: str) -> QueryError:
    """The error with its position, if it can be found."""
    tokens = list(words_of(query))
    if not tokens:
        return QueryError(message, 0)
    for look in (broken, unbalanced, out_of_place):
        found = look(tokens, query)
        if found is not None and (look is not out_of_place or message == "invalid promql query"):
            position, what = found
            return QueryError(what if message == "invalid promql query" else message, position)
    return QueryError(message, named(message, tokens))


def words_of(query: str) -> Iterator[TokenAt]:
    """The words of a query, white space and comments aside."""
    for found in TOKEN.finditer(query):
        if found.lastgroup != "space":
            yield found.lastgroup or "", found.group(), found.start()


def broken(tokens: list[TokenAt], _query: str) -> tuple[int, str] | None:
    """A text that does not end, a number that is none, a character that nothing begins with."""
    for kind, text, at in tokens:
        if kind == "open_text":
            return at, "unterminated quoted string"
        if kind == "other":
            return at, f"unexpected character: {text!r}"
        if kind == "number" and not NUMBER.fullmatch(text):
            return at, f"bad number or duration syntax: {text!r}"
    return None


def unbalanced(tokens: list[TokenAt], _query: str) -> tuple[int, str] | None:
    """A bracket without its counterpart."""
    opened: list[TokenAt] = []
    for kind, text, at in tokens:
        if kind == "open":
            opened.append((kind, text, at))
        elif kind == "close" and (not opened or PAIRS[opened.pop()[1]] != text):
            return at, f"unexpected {text!r}"
    return (opened[-1][2], f"unclosed {opened[-1][1]!r}") if opened else None


def out_of_place(tokens: list[TokenAt], query: str) -> tuple[int, str] | None:
    """The first of two neighbours that cannot stand together."""
    before: TokenAt | None = None
    depth: list[str] = []
    for token in tokens:
        kind, text, at = token
        if not fits(before, token, depth):
            return at, f"unexpected {text!r}"
        if kind == "open":
            depth.append(text)
        elif kind == "close":
            depth.pop()
        before = token
    return len(query), "unexpected end of input"


def fits(before: TokenAt | None, token: TokenAt, depth: list[str]) -> bool:
    """Whether a token can follow the one before it."""
    kind, text, _ = token
    ends = before is not None and (
        before[0] in ("text", "number", "close") or (before[0] == "word" and before[1].lower() not in BINARY)
    )
    if kind in ("text", "number") or (kind == "word" and text.lower() not in BINARY):
        return not ends
    if kind == "operator" and text not in ("+", "-"):
        return ends or text in (":", "@")
    if kind == "close":
        return ends or (before is not None and (before[0] == "open" or before[1] in (",", ":")))
    if text == "[":
        return ends
    return not (text == "(" and before is not None and before[0] in ("number", "text") and not depth)


def named(message: str, tokens: list[TokenAt]) -> int | None:
    """Where the thing stands that the message quotes."""
    for quoted in QUOTED.findall(message):
        for _, text, at in tokens:
            if text.strip("'\"`").lower() == quoted.lower():
                return at
    return None


def line_and_column(query: str, position: int) -> tuple[int, int]:
    """As people count, from 1."""
    before = query[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
