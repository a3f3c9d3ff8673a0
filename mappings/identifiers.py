"""Identifiers (sku, gtin, model number) in the one spelling in which they are indexed and looked up."""

import re
import unicodedata

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_ASCII_NOT_ALPHANUMERIC = bytes(code for code in range(128) if not chr(code).isalnum())


def normalise_identifier(text: str) -> str:
    """'NX-450 b' -> 'nx450b': case, dashes, spaces and other punctuation never tell two identifiers apart."""
    if text.isascii():  # nearly all of them, and five times as fast
        return text.lower().encode().translate(None, _ASCII_NOT_ALPHANUMERIC).decode()
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).casefold())
