"""The last guard of rule 8: mail addresses and tokens that got into a signal all the same do not leave the process.

Nothing of ours records any. But what others write (a path that names a mail address, a library's words) is not ours.
"""

import re

__all__ = ["masked"]

PRIVATE = re.compile(
    rb"[A-Za-z0-9._%+\-\x80-\xff]+(?:@|%40)(?!email\.amazonses\.com)"  # a mail address, but no message id of SES
    rb"[A-Za-z0-9\-\x80-\xff]+(?:\.[A-Za-z0-9\-\x80-\xff]+)+"
    rb"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JSON Web Token
)
MASK = b"***"


def masked(encoded: bytes) -> bytes:
    """The same JSON, with what looks like a mail address or token replaced by `***`."""
    if b"@" in encoded or b"%40" in encoded or b"eyJ" in encoded:
        return PRIVATE.sub(MASK, encoded)
    return encoded
