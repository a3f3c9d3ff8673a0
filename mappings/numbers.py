"""Numbers as tokens that sort as the numbers do, so that one keyword field serves the ranges of every attribute.

And whether a text holds a digit, which names and queries are asked alike.
"""

import struct
from functools import lru_cache

_SIGN = 1 << 63
_ALL = (1 << 64) - 1
_DOUBLE = struct.Struct(">d")


def holds_digit(text: str) -> bool:
    """Whether any character is a digit. Such a word is a measure or a model: no noun, and never a typing error."""
    return any(map(str.isdigit, text))


@lru_cache(8192)
def sortable_token(value: float) -> str:
    """16 hexadecimal digits: `a < b` holds for two numbers exactly when it holds for their tokens.

    The bits of a positive IEEE 754 double sort as it does once the sign is flipped, those of a negative one reversed.
    """
    # Adding nothing makes one token of 0.0 and -0.0, which are equal.
    bits = int.from_bytes(_DOUBLE.pack(value + 0.0))
    return f"{bits ^ (_ALL if bits & _SIGN else _SIGN):016x}"


def parse_token(token: str) -> float:
    """The number of a token; raises ValueError for any other text."""
    bits = int(token, 16)
    value: float = _DOUBLE.unpack((bits ^ (_SIGN if bits & _SIGN else _ALL)).to_bytes(8))[0]
    return value
