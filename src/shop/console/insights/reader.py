"""The words of a query, one after the other."""

import re
from typing import NamedTuple

from shop.console.insights.errors import InsightsError

__all__ = ["Reader", "Word"]

WORD = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<period>\d+[a-zA-Z]+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<field>(?:@?[^\W\d][\w@]*|@[\w@]+|`[^`\n]+`)(?:\.(?:[\w@]+|`[^`\n]+`)|\[\d+\])*)
      | (?P<operator>!=|<=|>=|=~|[-=<>+*/%^(),|\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
EXPONENT = re.compile(r"\d+[eE]\d+")
SPACE = re.compile(r"(?:\s+|\#[^\n]*)*")
REGEX = re.compile(r"/((?:[^/\\\n]|\\.)+)/")
MAX_OPERATORS = 300  # commas and brackets count: an expression is no higher than this, for those who recurse into it
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Word(NamedTuple):
    """A word of the query: its kind, itself, and where it begins."""

    kind: str
    text: str
    at: int

    def is_(self, *words: str) -> bool:
        """Whether it is one of these; case does not matter."""
        return self.kind != "text" and self.text.lower() in words


class Reader:
    """Reads a query from left to right; `before` is where the last word ended."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.place = 0
        self.before = 0
        self.operators = 0
        self.skip()

    def skip(self) -> None:
        """Over white space and comments."""
        found = SPACE.match(self.query, self.place)
        self.place = found.end() if found else self.place

    def peek(self) -> Word:
        """The next word, which stays the next."""
        if self.place >= len(self.query):
            return Word("end", "", len(self.query))
        found = WORD.match(self.query, self.place)
        if not found:
            char = self.query[self.place]
            what = "a string that does not end" if char in "\"'`" else f"unexpected character {char!r}"
            raise InsightsError(what, self.place)
        kind = found.lastgroup or ""
        if kind == "period" and EXPONENT.fullmatch(found.group()):
            kind = "number"
        return Word(kind, found.group(), self.place)

    def next(self) -> Word:
        """The next word, which is read with that."""
        word = self.peek()
        self.operators += word.kind == "operator" or word.is_("and", "or", "not")
        if self.operators > MAX_OPERATORS:
            raise InsightsError("the query has too many operators", word.at)
        self.place = self.before = word.at + len(word.text)
        self.skip()
        return word

    def take(self, *words: str) -> Word | None:
        """The next word if it is one of these."""
        return self.next() if self.peek().is_(*words) else None

    def expect(self, word: str) -> Word:
        """The next word, which must be this one."""
        found = self.take(word)
        if found is None:
            raise self.unexpected(f"expected {word!r}")
        return found

    def unexpected(self, wanted: str) -> InsightsError:
        """The error that the next word is not what was wanted."""
        word = self.peek()
        return InsightsError(f"{wanted}, found {word.text!r}" if word.text else f"{wanted}, found the end", word.at)

    def regex(self) -> tuple[str, int] | None:
        """A regular expression between slashes, if one is next, and where it begins."""
        found = REGEX.match(self.query, self.place)
        if not found:
            return None
        at = self.place + 1
        self.place = self.before = found.end()
        self.skip()
        return found.group(1).replace("\\/", "/"), at

    def string(self) -> tuple[str, int] | None:
        """A string, if one is next, and where it begins."""
        word = self.peek()
        if word.kind != "text":
            return None
        self.next()
        return unquoted(word.text), word.at


def unquoted(text: str) -> str:
    """What a string in quotes says; a backslash before anything else than a quote or an n, t, r stays."""
    return re.sub(r"\\([ntr\"'\\])", lambda found: ESCAPES.get(found.group(1), found.group(1)), text[1:-1])
