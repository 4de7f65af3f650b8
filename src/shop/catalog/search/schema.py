"""What the index holds of a product, and how a product becomes a document of it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec
import tantivy

from shop.catalog.search.changes import Row
from shop.catalog.search.words import CACHED, RUN, Run, Word, Words
from shop.catalog.search.writing import fold, is_kana, katakana
from shop.contracts.shapes import Translations

__all__ = ["FORMAT", "SCHEMA", "SHORT", "Documents", "open_index", "spelled"]

FORMAT = 1  # of the index: another one is built anew
LONGEST_TERM = 40  # characters; nobody types longer words, and typos in them are nobody's
SHORT = 2  # characters of the shortest word whose spelling is kept
MARK = "|"  # between the key of a spelling and the word as it is written
ONLY_KANA = "~"  # before the sound of a word that is written in kana
_ATTRIBUTES = msgspec.json.Decoder(dict[str, str])
_TRANSLATIONS = msgspec.json.Decoder(Translations)


def build() -> tantivy.Schema:
    """The fields. `tilt` orders what scores alike; `spelling` has words to correct typos by, forwards and backwards."""
    builder = tantivy.SchemaBuilder()
    for name in ("id", "category"):
        builder.add_text_field(name, stored=name == "id", fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("price", "created"):
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_float_field("rating", indexed=True, fast=True)
    builder.add_float_field("tilt", fast=True)
    for name in ("name", "body"):
        builder.add_text_field(name, tokenizer_name="whitespace")
    for name in ("name_sound", "body_sound"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in ("spelling", "gnilleps"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    return builder.build()


SCHEMA = build()


def open_index(path: str) -> tantivy.Index:
    """The index in this folder, made when there is none. ValueError, OSError: what is there cannot be used."""
    index = tantivy.Index(SCHEMA, path=path)
    index.config_reader("manual")
    return index


@dataclass(frozen=True, slots=True)
class Parts:
    """What a piece of text adds to a document, ready to be joined."""

    terms: str
    sounds: str
    spellings: str
    backwards: str


@dataclass
class Documents:
    """Makes documents. Texts repeat themselves, hence it keeps what their runs became."""

    words: Words
    _parts: Any = field(init=False)

    def __post_init__(self) -> None:
        self._parts = lru_cache(CACHED)(lambda kind, text: parts_of(self.words.run(kind, text)))

    def document(self, row: Row) -> tantivy.Document:
        """A product as the index keeps it."""
        translations = _TRANSLATIONS.decode(row.translations).values()
        name = self.parts(row.name, *(text.name for text in translations))
        attributes = _ATTRIBUTES.decode(row.attributes).values()
        body = self.parts(row.description, *attributes, *(text.description for text in translations), row.sku)
        fields = {
            "id": row.id,
            "category": row.category_id,
            "price": row.price,
            "created": int(row.created_at.timestamp() * 1000),
            "rating": row.rating,
            "tilt": tilt(row.id),
            "name": " ".join([part.terms for part in name]),
            "body": " ".join([part.terms for part in body]),
            "name_sound": " ".join([part.sounds for part in name if part.sounds]),
            "body_sound": " ".join([part.sounds for part in body if part.sounds]),
            "spelling": " ".join({part.spellings for part in (*name, *body)}),
            "gnilleps": " ".join({part.backwards for part in (*name, *body)}),
        }
        return tantivy.Document.from_dict(fields, SCHEMA)

    def parts(self, *texts: str) -> list[Parts]:
        """What these texts add."""
        runs = [match for text in texts for match in RUN.finditer(fold(text).text)]
        return [self._parts(match.lastgroup, match[0]) for match in runs]


def parts_of(run: Run) -> Parts:
    """A run's words, sounds and spellings."""
    spoken = run.spoken
    sounds = [sound for word in spoken for sound in sounds_of(word)]
    spellings: list[tuple[str, str]] = []
    if run.kind != "number":
        spellings = [each for word in spoken for each in spelled(word.surface, word.sound)]
    for group in run.compounds():
        surface, heard = "".join(word.surface for word in group), "".join(word.sound for word in group)
        if all(word.sound for word in group):
            sounds.append(heard)
        spellings += spelled(surface, heard)
    kept = [(key, word) for key, word in spellings if SHORT <= len(key) <= LONGEST_TERM]
    return Parts(
        " ".join(word.term.replace(" ", "") for word in spoken),
        " ".join(sounds),
        " ".join(f"{key}{MARK}{word}" for key, word in kept),
        " ".join(f"{key[::-1]}{MARK}{word}" for key, word in kept),
    )


def sounds_of(word: Word) -> Iterable[str]:
    """How a word sounds; and once more where it is written in kana, so that kanji find it but no homophones."""
    if not word.sound:
        return ()
    return (word.sound, ONLY_KANA + word.sound) if is_kana(word.surface) else (word.sound,)


def spelled(surface: str, heard: str) -> list[tuple[str, str]]:
    """The ways to write a word, each with the word: kana as katakana, kanji also by their sound."""
    own = katakana(surface)
    return [(own, surface)] if not heard or is_kana(surface) else [(own, surface), (heard, surface)]


def tilt(product_id: str) -> float:
    """A number of its own for each product, so small that it only decides between equal scores.

    Without it thousands of products would have the same score, and each page of them would have to sort them all.
    """
    digest = hashlib.blake2s(product_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32 * 0.002
