"""Identifiers (sku, gtin, model number) in the one spelling in which they are indexed and looked up."""

import re
import unicodedata

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_ASCII_NOT_ALPHANUMERIC = bytes(code for code in range(128) if not chr(code).isalnum())


def normalise_identifier(text: str) -> str:
    """'NX-450 b' -> 'nx450b': case, dashes, spaces and other punctuation never tell two identifiers apart."""
    if text.isascii():  # nearly all of them, and five times as fast
        plain = text.lower().replace("-", "")
        return plain if plain.isalnum() else text.lower().encode().translate(None, _ASCII_NOT_ALPHANUMERIC).decode()
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).casefold())


def fold(text: str) -> str:
    """Text without case and accents: 'Café' -> 'cafe'."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
