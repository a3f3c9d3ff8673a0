"""Identifiers (sku, gtin, model number) in the one spelling in which they are indexed and looked up."""

import re
import unicodedata

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def normalise_identifier(text: str) -> str:
    """'NX-450 b' -> 'nx450b': case, dashes, spaces and other punctuation never tell two identifiers apart."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).casefold())
