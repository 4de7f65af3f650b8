"""The words of texts, their places, and what is one letter apart."""

import string
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.catalog.search.changes import before
from shop.catalog.search.highlights import Texts, highlights
from shop.catalog.search.signals import normalised, script_of
from shop.catalog.search.spelling import one_apart
from shop.catalog.search.words import Words
from shop.catalog.search.writing import fold

words = Words()
words.runs("準備")  # loads the dictionary


def test_the_worker_has_no_engine_in_memory():
    code = (
        "import sys, shop.catalog.app; "
        "sys.exit(', '.join(name for name in ('tantivy', 'sudachipy') if name in sys.modules) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).stderr == b""


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_a_folded_text_is_the_normalised_one_and_knows_where_each_part_came_from(text):
    folded = fold(text)
    assert len(folded.text) == len(folded.places) if folded.places is not None else len(folded.text) == len(text)
    for run in words.runs(folded.text):
        start, end = folded.span(run.start, run.start + len(run.text))
        assert 0 <= start < end <= len(text)
        part = unicodedata.normalize("NFKC", text[start:end]).lower()
        assert run.text.replace("ー", "-") in part.replace("ー", "-") or run.kind == "ja"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("珈琲とコーヒー", ["コーヒー", "コーヒー"]),
        ("湯呑み", ["湯飲み"]),
        ("Iron frying PANS for the stove", ["iron", "fri", "pan", "stove"]),
        ("26cm、1,000円", ["26", "cm", "1000", "円"]),
        ("ﾌﾗｲﾊﾟﾝ", ["フライパン"]),
        ("！？", []),
    ],
)
def test_words_are_in_their_normal_form(text, terms):
    assert [word.term for run in words.runs(fold(text).text) for word in run.spoken] == terms


def edits(word, alphabet):
    """Every text that differs from it by one letter."""
    for place in range(len(word) + 1):
        for letter in alphabet:
            yield word[:place] + letter + word[place:]
            if place < len(word):
                yield word[:place] + letter + word[place + 1 :]
        if place < len(word):
            yield word[:place] + word[place + 1 :]
        if place < len(word) - 1:
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]


@settings(deadline=None, max_examples=60)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_one_apart_is_one_letter_changed_left_out_added_or_swapped(one, other):
    assert one_apart(one, other) == (one != other and other in set(edits(one, string.ascii_lowercase[:3])))


@pytest.mark.parametrize(
    ("query", "script"),
    [
        ("coffee", "latin"),
        ("Café 26", "latin"),
        ("こーひー", "kana"),
        ("ｺｰﾋｰ", "kana"),
        ("珈琲", "kanji"),
        ("珈琲 200", "kanji"),
        ("珈琲豆 200g", "mixed"),
        ("湯のみ", "mixed"),
        ("커피", "mixed"),
        ("123", "latin"),
        ("!", "latin"),
    ],
)
def test_the_script_of_a_query(query, script):
    assert script_of(query) == script


def test_a_query_in_the_log_is_normalised_and_names_nobody():
    assert normalised("  ＣＯＦＦＥＥ　 ﾐﾙ ") == "coffee ミル"
    assert "example" not in normalised("ミル taro@example.jp")


class Ones:
    """Marks every 1."""

    def spans(self, text):
        return [(place, place + 1) for place, letter in enumerate(text) if letter == "1"]


@settings(deadline=None, max_examples=60)
@given(st.text("1<&。 x", max_size=300))
def test_highlights_are_parts_of_the_text_escaped(text):
    found = highlights(Texts(name="", description=text, attributes={}, translations={}), Ones())
    assert bool(found) == ("1" in text)
    for fragment in found.get("description", []):
        plain = fragment.replace("<em>1</em>", "1")
        assert "<em>1</em>" in fragment
        assert "<" not in plain.replace("&lt;", "")
        assert plain.replace("&lt;", "<").replace("&amp;", "&") in text


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 50), st.integers(0, 50), st.sets(st.integers(1, 100), max_size=6), st.integers(1, 120))
def test_what_came_before_a_transaction_is_a_snapshot_of_its_own(least, width, running, transaction):
    most = least + width
    running = sorted(each for each in running if least <= each < most)
    snapshot = f"{min([least, *running])}:{most}:{','.join(map(str, running))}"

    def sees(text, xid):
        low, high, inside = text.split(":")
        return xid < int(low) or (xid < int(high) and str(xid) not in inside.split(","))

    cut = before(snapshot, transaction)
    assert all(sees(cut, xid) == (sees(snapshot, xid) and xid < transaction) for xid in range(1, 130))
