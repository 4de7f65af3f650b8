"""How texts are written: width, case and kana, and which differences between them do not matter."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["JAPANESE", "Folded", "fold", "is_kana", "katakana", "sound"]

JAPANESE = "々-〇ぁ-ゖゝ-ゟァ-ヺー-ヿㇰ-ㇿ㐀-䶿一-鿿豈-龎\U00020000-\U0003ffff"
KANA = re.compile(r"[ぁ-ゖァ-ヺーゝゞヽヾ]+")
# A hyphen or dash after kana stands for the long vowel, unless it joins two words.
DASHED = re.compile(r"(?<=[ぁ-ゖァ-ヺ])[-‐‑‒–—―─−](?=[ぁ-ゖァ-ヺ]|\s|$)")
MARKS = {"Mn", "Me"}  # what combines with the letter before it; so do ﾞ and ﾟ, which are letters themselves
VOICED = "ﾞﾟ"
TO_KATAKANA = {code: code + 96 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
# Sounds that are written in two ways. Long vowels are left out: コンピュータ, コンピューター.
SOUNDS = (
    ("ヴァ", "バ"),
    ("ヴィ", "ビ"),
    ("ヴェ", "ベ"),
    ("ヴォ", "ボ"),
    ("ヴ", "ブ"),
    ("ヂ", "ジ"),
    ("ヅ", "ズ"),
    ("ー", ""),
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without differences of width and case. `places`: what each character came from; None: from itself."""

    text: str
    places: list[tuple[int, int]] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that this part, not empty, came from."""
        return (start, end) if self.places is None else (self.places[start][0], self.places[end - 1][1])


def fold(text: str) -> Folded:
    """NFKC, lower case, long vowels as such."""
    if unicodedata.is_normalized("NFKC", text):
        lower = text.lower()
        if len(lower) == len(text):
            return Folded(DASHED.sub("ー", lower))
    parts, places = [], []
    for start, cluster in clusters(text):
        part = unicodedata.normalize("NFKC", cluster).lower()
        parts.append(part)
        places += [(start, start + len(cluster))] * len(part)
    return Folded(DASHED.sub("ー", "".join(parts)), places)


def clusters(text: str) -> Iterator[tuple[int, str]]:
    """Letters with the marks that belong to them."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or not (text[place] in VOICED or unicodedata.category(text[place]) in MARKS):
            yield start, text[start:place]
            start = place


def katakana(text: str) -> str:
    """Hiragana as katakana; the rest as it is."""
    return text.translate(TO_KATAKANA)


def is_kana(text: str) -> bool:
    """Whether it is written in kana alone."""
    return KANA.fullmatch(text) is not None


def sound(reading: str) -> str:
    """A reading, with what sounds alike made the same; nothing when too little is left of it."""
    spoken = katakana(reading)
    for written, same in SOUNDS:
        spoken = spoken.replace(written, same)
    return spoken if len(spoken) > 1 else ""
