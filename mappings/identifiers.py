"""Identifiers (sku, gtin, model number) in the one spelling in which they are indexed and looked up."""

import re
import unicodedata

# Digits of a GTIN: of 8, 12, 13 or 14 digits, each may be written with zeros before it, or without its own.
SHORTEST_GTIN, LONGEST_GTIN = 8, 14
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_ASCII_NOT_ALPHANUMERIC = bytes(code for code in range(128) if not chr(code).isalnum())


def normalise_identifier(text: str) -> str:
    """'NX-450 b' -> 'nx450b': case, dashes, spaces and other punctuation never tell two identifiers apart."""
    if text.isascii():  # nearly all of them, and five times as fast
        plain = text.lower().replace("-", "")
        return plain if plain.isalnum() else text.lower().encode().translate(None, _ASCII_NOT_ALPHANUMERIC).decode()
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).casefold())


def spellings_of(identifier: str) -> list[str]:
    """An identifier as `normalise_identifier` gives it, and the same GTIN with more or fewer zeros before it."""
    if not (identifier.isascii() and identifier.isdigit() and SHORTEST_GTIN <= len(identifier) <= LONGEST_GTIN):
        return [identifier]
    plain = identifier.lstrip("0")
    lengths = range(max(SHORTEST_GTIN, len(plain)), LONGEST_GTIN + 1)
    return list(dict.fromkeys([identifier, *map(plain.zfill, lengths)]))
