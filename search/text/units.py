"""Numbers with their units, in every spelling that catalogues and shoppers use. Pure.

An index writes a number and the symbol of its unit as one word (`mappings.analysis`). Here a query is brought to the
same spelling, and its measures are told in spellings that an index keeps apart: 20,000mah is 20000mah, 0.5l is 500ml.
"""

import re
from functools import lru_cache

from mappings.units import JOINED

# The same as the analysis of an index: 13", 13 inch and 13-inch are one word, and so is 1 TB. Normalised text has two
# single primes for a double one. A shopper also writes 13in, which "7-in-1" is not.
_INCHES = re.compile(r"(?<=\d)(?:[\s-]?(?:inch(?:es)?\b|''|′′|[\"″”])|-?in\b\.?(?!\W?\d))", re.IGNORECASE)
_UNITS = re.compile(rf"(?<=\d)[\s-](?=(?:{JOINED})\b)", re.IGNORECASE)
# Units in words, as they are stemmed in an index.
_WORDS = {
    "mm": ("millimetre", "millimeter"), "cm": ("centimetre", "centimeter"), "m": ("metre", "meter"),
    "ft": ("feet", "foot"), "kg": ("kilogram", "kilo"), "g": ("gram",), "oz": ("ounce",), "lb": ("pound",),
    "ml": ("millilitre", "milliliter"), "cl": ("centilitre", "centiliter"), "l": ("litre", "liter"),
    "w": ("watt",), "v": ("volt",), "gb": ("gigabyte",), "tb": ("terabyte",), "mp": ("megapixel",),
}  # fmt: skip
_SYMBOLS = {word: symbol for symbol, words in _WORDS.items() for word in words}
_SPELLED = re.compile(rf"(?<=\d)[\s-]?({'|'.join(_SYMBOLS)})s?\b", re.IGNORECASE)
_MEASURE = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(?:([.,])(\d+))?([a-z]*)")
# How many of the smaller one the larger one is.
_LARGER = {"ml": (1000, "l"), "g": (1000, "kg"), "gb": (1000, "tb"), "cm": (100, "m"), "mm": (10, "cm")}
_SMALLER = {larger: (many, smaller) for smaller, (many, larger) in _LARGER.items()}
# What people leave out: "15.6 laptop", "512 ssd".
_UNSAID = ("inch", "gb")
_LONGEST_UNSAID = 3
_LONGEST = 12
_THOUSANDS = 1000


def joined(text: str) -> str:
    """The text with every number and its unit as one word: '13" / 2 metres / 1 TB' -> '13inch / 2m / 1TB'."""
    text = _SPELLED.sub(lambda match: _SYMBOLS[match[1].lower()], text)
    return _UNITS.sub("", _INCHES.sub("inch ", text))


@lru_cache(4096)
def spellings(word: str, *, unsaid: bool = False) -> tuple[str, ...]:
    """Other texts for the same measure, which an index has as other words; none for what is no measure.

    `unsaid`: a number without a unit may be one with a unit that shoppers leave out.
    """
    measure = _MEASURE.fullmatch(word) if len(word) <= _LONGEST else None
    if measure is None:
        return ()
    whole, mark, rest, unit = measure.groups()
    if mark == "," and len(rest) == 3:  # 20,000 is no 20
        whole, mark, rest = whole + rest, None, None
    whole = whole.replace(",", "")
    forms = [_number(whole, rest, unit)]
    if rest:
        forms.append(f"{whole},{rest}{unit}")
    elif unit and int(whole) >= _THOUSANDS:
        forms.append(f"{int(whole):,}{unit}")
    plain = forms[0].removesuffix(unit) if unit else forms[0]
    forms += [f"{plain} {name}" for name in _WORDS.get(unit, ())]
    forms += _converted(float(plain), unit)
    if unit == "inch":
        forms.append(f"{plain}in")
    if unsaid and not unit and len(whole) <= _LONGEST_UNSAID:
        forms += [plain + left_out for left_out in _UNSAID]
    return tuple(form for form in dict.fromkeys(forms) if form != word)


def _number(whole: str, rest: str | None, unit: str) -> str:
    return f"{whole}.{rest}{unit}" if rest else whole + unit


def _converted(value: float, unit: str) -> list[str]:
    """The same in the next larger and the next smaller unit, where that is a number people write."""
    texts = []
    if unit in _LARGER:
        many, larger = _LARGER[unit]
        texts.append(f"{value / many:.6g}{larger}" if value * 100 >= many else "")
    if unit in _SMALLER:
        many, smaller = _SMALLER[unit]
        texts.append(f"{round(value * many)}{smaller}" if value * many < 10 * many else "")
    return [text for text in texts if text]
