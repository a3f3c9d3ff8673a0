"""InstantSearch's filters -> parameters of ours. Pure.

`facetFilters` and `numericFilters` are lists: what they hold must hold together, a list within a list is a choice.
`filters` says the same in words. What can't be said in our terms is refused: a filter that is not applied would show
what was not asked for.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import islice
from typing import Any

import orjson

from catalog.errors import InvalidInput
from catalog.schemas.fields import MAX_CATEGORY_DEPTH, slugify
from search.filters import category_path
from search.request import ATTRIBUTE

# "Audio > Headphones", of facets that have a level: `hierarchicalCategories.lvl1`.
LEVEL = re.compile(r"(?:hierarchicalCategories|categories|category)\.lvl([0-9])")
LEVELS_BY = " > "
FLAGS = ("in_stock", "on_sale")
# No filter of an honest page is longer, and more conditions would be refused as parameters.
MAX_TEXT = 20_000

_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})"
_COMPARED = re.compile(rf"(.+?)\s*(<=|>=|!=|=|<|>)\s*({_NUMBER})", re.DOTALL | re.ASCII)
_BETWEEN = re.compile(rf"(.+?)\s*:\s*({_NUMBER})\s+TO\s+({_NUMBER})", re.DOTALL | re.ASCII)
_WORD = re.compile(r"""\s*(?:([()])|((?:[^\s()"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+))""")
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


@dataclass(slots=True)
class Conditions:
    """What a request filters by.

    `values`: of each facet, the choices of which each must hold. `nothing`: no product can hold them all.
    """

    values: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    lows: dict[str, Decimal | float] = field(default_factory=dict)
    highs: dict[str, Decimal | float] = field(default_factory=dict)
    nothing: bool = False

    def choose(self, parameter: str, chosen: Sequence[str]) -> None:
        """One of these values of one facet."""
        names = {text.partition(":")[0].strip() for text in chosen}
        if len(names) != 1:
            raise InvalidInput.of(parameter, "a choice must be between values of one facet")
        (name,) = names
        self.values.setdefault(_facet(parameter, name), []).append(tuple(_value(parameter, text) for text in chosen))

    def compare(self, parameter: str, text: str) -> None:
        """`price>=10` or `price:10 TO 20`."""
        if found := _BETWEEN.fullmatch(text.strip()):
            self._bound(parameter, found[1], ">=", Decimal(found[2]))
            self._bound(parameter, found[1], "<=", Decimal(found[3]))
        elif (found := _COMPARED.fullmatch(text.strip())) and found[2] != "!=":
            self._bound(parameter, found[1], found[2], Decimal(found[3]))
        else:
            raise InvalidInput.of(parameter, f"{text[:100]!r} is not like 'price>=10' (with <=, <, =, > or >=)")

    def _bound(self, parameter: str, name: str, operator: str, number: Decimal) -> None:
        name = name.strip()
        if name != "price" and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
            raise InvalidInput.of(parameter, f"{name[:100]!r} is not a number: price and attr.NAME are")
        if operator in (">=", ">", "="):
            low = _low(name, operator, number)
            self.lows[name] = max(self.lows.get(name, low), low)
        if operator in ("<=", "<", "="):
            high = _high(name, operator, number)
            self.highs[name] = min(self.highs.get(name, high), high)


def read_conditions(params: dict[str, Any]) -> Conditions:
    """Raises InvalidInput that names the parameter."""
    found = Conditions()
    for parts in _lists("facetFilters", params.get("facetFilters"), by=None):
        found.choose("facetFilters", parts)
    for parts in _lists("numericFilters", params.get("numericFilters"), by=","):
        _compared("numericFilters", found, parts)
    for parts in _clauses(params.get("filters")):
        if any(_COMPARED.fullmatch(part) or _BETWEEN.fullmatch(part) for part in parts):
            _compared("filters", found, parts)
        else:
            found.choose("filters", [_unquoted(part) for part in parts])
    return found


def parameters(found: Conditions) -> tuple[list[tuple[str, str]], list[list[tuple[str, str]]]]:
    """Our parameters, and more choices of attributes for which there is one already. Sets `nothing`."""
    first: list[tuple[str, str]] = []
    more: list[list[tuple[str, str]]] = []
    for name, choices in found.values.items():
        if name == "category":
            first += [("category", path) for path in _deepest(found, choices)]
        elif name == "brand":
            first += [("brand", brand) for brand in _common(found, choices)]
        elif name in FLAGS:
            first += _flag(name, choices)
        else:
            said = list(dict.fromkeys(choices))
            first += [(name, value) for value in said[0]]
            more += [[(name, value) for value in choice] for choice in said[1:]]
    first += _ranges(found)
    return first, more


def _compared(parameter: str, found: Conditions, parts: Sequence[str]) -> None:
    if len(parts) != 1:
        raise InvalidInput.of(parameter, "a choice between comparisons is not supported")
    found.compare(parameter, parts[0])


def _facet(parameter: str, name: str) -> str:
    if LEVEL.fullmatch(name):
        return "category"
    if name == "price":
        raise InvalidInput.of(parameter, "price is filtered by numericFilters, as in 'price>=10'")
    if name in ("category", "brand", *FLAGS) or (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
        return name
    raise InvalidInput.of(
        parameter,
        f"{name[:100]!r} is not a facet: brand, category, hierarchicalCategories.lvl0 (and so on), in_stock, on_sale"
        " and attr.NAME are",
    )


def _value(parameter: str, text: str) -> str:
    name, colon, value = text.partition(":")
    value = value.strip()
    if not colon or not value:
        raise InvalidInput.of(parameter, f"{text[:100]!r} is not like 'brand:Norvane'")
    if value.startswith("-"):
        raise InvalidInput.of(parameter, f"{text[:100]!r}: leaving values out is not supported")
    # A value that begins with a minus is sent as '\-5'.
    value = value[1:] if value.startswith("\\-") else value
    name = name.strip()
    if LEVEL.fullmatch(name):
        return path_of(value)
    if name in FLAGS and value not in ("true", "false"):
        raise InvalidInput.of(parameter, f"{name} must be true or false")
    # As a path or an id: an id has no spaces, no capitals and no '>', so that it stays as it is.
    return category_path(value) if name == "category" else value


def path_of(names: str) -> str:
    """'TV/Video > Screens' -> 'tv-video/screens'."""
    slugs = (slugify(part) for part in names.split(LEVELS_BY.strip()))
    return "/".join(islice(filter(None, slugs), MAX_CATEGORY_DEPTH + 1)) or category_path(names)


def _lists(parameter: str, sent: Any, by: str | None) -> list[list[str]]:
    """What is sent as text, as a list, or as a list of lists."""
    if isinstance(sent, str):
        sent = _parsed(parameter, sent) if sent.lstrip().startswith("[") else sent.split(by) if by else [sent]
        sent = [part for part in sent if part != ""]
    if sent is None:
        return []
    if not isinstance(sent, list):
        raise InvalidInput.of(parameter, "must be a list")
    found = [part if isinstance(part, list) else [part] for part in sent]
    if not all(isinstance(text, str) for parts in found for text in parts):
        raise InvalidInput.of(parameter, "must hold texts, or lists of texts")
    return [parts for parts in found if parts]


def _parsed(parameter: str, text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise InvalidInput.of(parameter, f"must have at most {MAX_TEXT} characters")
    try:
        return orjson.loads(text)
    except ValueError:
        raise InvalidInput.of(parameter, "is not valid JSON") from None


def _clauses(sent: Any) -> list[list[str]]:
    """`a:1 AND (b:2 OR b:3) AND price >= 10` -> [["a:1"], ["b:2", "b:3"], ["price >= 10"]]."""
    if sent is None or sent == "":
        return []
    if not isinstance(sent, str) or len(sent) > MAX_TEXT:
        raise InvalidInput.of("filters", f"must be text with at most {MAX_TEXT} characters")
    found: list[list[str]] = []
    open_, joined, words = False, "AND", list[str]()

    def close() -> None:
        if not words:
            raise _unclear()
        text = " ".join(words)
        if joined == "AND":
            found.append([text])
        else:
            found[-1].append(text)
        words.clear()

    for word in _words(sent):
        if word in ("(", ")"):
            if (word == "(") == open_ or (word == "(" and (words or joined == "OR")):
                raise _unclear()
            open_ = word == "("
        elif word in ("AND", "OR"):
            # Without brackets a choice would be read one way here and another way elsewhere.
            if (word == "OR") != open_:
                raise _unclear()
            close()
            joined = word
        elif word == "NOT":
            raise InvalidInput.of("filters", "NOT is not supported")
        else:
            words.append(word)
    close()
    if open_:
        raise _unclear()
    return found


def _words(text: str) -> Iterable[str]:
    place = 0
    text = text.rstrip()
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            raise _unclear()
        yield found[1] or found[2]
        place = found.end()


def _unclear() -> InvalidInput:
    return InvalidInput.of(
        "filters", "must be like 'brand:\"A B\" AND (attr.color:red OR attr.color:blue) AND price >= 10'"
    )


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda held: re.sub(r"\\(.)", r"\1", held[0][1:-1]), text)


def _deepest(found: Conditions, choices: Iterable[tuple[str, ...]]) -> list[str]:
    """The one category that all of these are, or that is below them."""
    deepest = ""
    for choice in choices:
        if len(set(choice)) != 1:
            raise InvalidInput.of("facetFilters", "one category at a time can be chosen")
        path = choice[0]
        if not path.startswith(deepest) and not deepest.startswith(path):
            found.nothing = True
        deepest = max(deepest, path, key=len)
    return [deepest]


def _common(found: Conditions, choices: Sequence[tuple[str, ...]]) -> list[str]:
    """A product has one brand: the brands that are in each of the choices, whatever their case."""
    common = [brand for brand in choices[0] if all(brand.lower() in map(str.lower, choice) for choice in choices)]
    found.nothing |= not common
    return common


def _flag(name: str, choices: Iterable[tuple[str, ...]]) -> list[tuple[str, str]]:
    wanted = [set(choice) for choice in choices if set(choice) != {"true", "false"}]
    if {"false"} in wanted:
        raise InvalidInput.of("facetFilters", f"{name}:false is not supported: only {name}:true narrows a search")
    return [(name, "true")] if wanted else []


def _low(name: str, operator: str, number: Decimal) -> Decimal | float:
    if name == "price":
        cents = (number * 100).to_integral_value(ROUND_FLOOR if operator == ">" else ROUND_CEILING)
        return max(Decimal(0), (cents + 1 if operator == ">" else cents) / 100)
    return math.nextafter(float(number), math.inf) if operator == ">" else float(number)


def _high(name: str, operator: str, number: Decimal) -> Decimal | float:
    if name == "price":
        cents = (number * 100).to_integral_value(ROUND_CEILING if operator == "<" else ROUND_FLOOR)
        return (cents - 1 if operator == "<" else cents) / 100
    return math.nextafter(float(number), -math.inf) if operator == "<" else float(number)


def _ranges(found: Conditions) -> list[tuple[str, str]]:
    sent = []
    for name in dict.fromkeys([*found.lows, *found.highs]):
        low, high = found.lows.get(name), found.highs.get(name)
        if (low is not None and high is not None and low > high) or (name == "price" and high is not None and high < 0):
            found.nothing = True
            continue
        sent += [(f"{name}_{end}", _text(limit)) for end, limit in (("min", low), ("max", high)) if limit is not None]
    return sent


def _text(limit: Decimal | float) -> str:
    return f"{limit:f}" if isinstance(limit, Decimal) else repr(limit)
