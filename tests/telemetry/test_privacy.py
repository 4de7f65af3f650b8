"""Rule 8: no mail address, name, address, phone, password, token or card leaves in any signal."""

import re
from collections import Counter

from tests.support.story import told

MAIL = re.compile(r"[\w.+-]+@(?!email\.amazonses\.com)[\w-]+\.[\w.]+")  # but no message id of SES


def test_none_of_the_storys_private_words_stands_in_any_exported_byte():
    story = told()
    assert all(story.searched[path] > 1_000_000 for path in ("/v1/traces", "/v1/metrics", "/v1/logs"))
    assert Counter(sentinel for sentinel, _ in story.leaks) == {}, story.leaks[:3]


def test_nor_anything_else_that_looks_like_a_mail_address_or_a_token():
    story = told()
    texts = [str(value) for span in story.spans for value in span.attributes.values()] + [
        line.body for line in story.lines
    ]
    assert len(texts) > 10_000
    assert [text for text in texts if MAIL.search(text) or "eyJ" in text] == []


def test_no_code_that_was_mailed_is_a_value_of_any_attribute_or_field():
    story = told()
    six = re.compile(r'"\d{6}"|\bcode\b')
    named = {name for span in story.spans for name in span.attributes if six.search(name)}
    assert named == set()


def test_what_was_sent_can_be_read_by_any_backend():
    """The receiver parses with opentelemetry-proto; what it could not read is kept here."""
    assert told().failures == []
