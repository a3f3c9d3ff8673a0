"""Facets as links: every value leads to the page with it or without it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from search.result import Bucket, Facet
from storefront.address import Address
from storefront.formatting import fact, number, parameter, whole_money
from storefront.pictures import swatch

# Values that are seen at once; the others unfold.
SHOWN = 8
# Groups that stand open; the others open when something in them is selected.
OPEN_GROUPS = 7
FLAGS = ("in_stock", "on_sale")
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Choice:
    """`url` takes the value in, or out where it is selected. `swatch`: the colour that the value names."""

    label: str
    count: int
    url: str
    selected: bool
    level: int = 0
    swatch: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A facet. `choices` are seen, `more` unfold, `elsewhere` is how many further values the index has.

    The last fields are a range's form: its limits now, the lowest and highest value, the sign before or the unit after
    a number, and the hidden fields.
    """

    name: str
    label: str
    kind: str
    choices: list[Choice]
    more: list[Choice] = field(default_factory=list)
    elsewhere: int = 0
    opened: bool = True
    clear: str | None = None
    low: str = ""
    high: str = ""
    least: str = ""
    most: str = ""
    unit: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)


def groups(facets: Iterable[Facet], address: Address, currency: str) -> list[Group]:
    """The facets of a response in its order; the flags stand together, where the first of them stood."""
    groups: list[Group] = []
    flags: list[Choice] = []
    for facet in facets:
        if facet.name in FLAGS:
            if not flags:
                groups.append(Group("availability", "Availability", "values", flags))
            flags += _choices(facet, address)
        elif facet.type == "range":
            groups.append(_range(facet, address, currency))
        elif facet.type == "tree":
            groups.append(_tree(facet, address))
        else:
            groups.append(_values(facet, address))
    visible = [group for group in groups if group.choices or group.kind == "range"]
    return [_opened(group, place) for place, group in enumerate(visible)]


def _opened(group: Group, place: int) -> Group:
    selected = bool(group.low or group.high or any(choice.selected for choice in (*group.choices, *group.more)))
    if place < OPEN_GROUPS or selected:
        return group
    return replace(group, opened=False)


def _choices(facet: Facet, address: Address) -> list[Choice]:
    name = facet.name
    return [
        Choice(
            label=shown(name, value.label),
            count=value.count,
            url=address.toggled(name, value.value).url,
            selected=value.selected,
            swatch=swatch(value.value) if name.rpartition(".")[2] in ("color", "colour") else None,
        )
        for value in facet.values
        if value.count or value.selected
    ]


def shown(name: str, value: str) -> str:
    """A value's label; yes-or-no attributes come as `true` and `false`."""
    return fact(_TRUTH[value]) if name.startswith("attr.") and value in _TRUTH else value


def _values(facet: Facet, address: Address) -> Group:
    choices = _choices(facet, address)
    seen = [choice for place, choice in enumerate(choices) if place < SHOWN or choice.selected]
    # One value more is no reason to unfold anything.
    more = [choice for choice in choices if choice not in seen]
    if len(more) == 1:
        seen, more = choices, []
    return Group(
        name=facet.name,
        label=facet.label,
        kind="values",
        choices=seen,
        more=more,
        elsewhere=max(0, facet.total_values - len(facet.values)),
    )


def _tree(facet: Facet, address: Address) -> Group:
    """Categories: the selected one is where the shopper is, so its link leads one level up; other departments are left
    out then, because "All categories" leads back to them.
    """
    choices = []
    here = next((value.value for value in facet.values if value.selected), "")
    for value in facet.values:
        if here and value.value.partition("/")[0] != here.partition("/")[0]:
            continue
        target = value.value.rpartition("/")[0] or None if value.selected else value.value
        if value.count or value.selected:
            url = address.put("category", target).url
            choices.append(Choice(value.label, value.count, url, value.selected, value.level or 0))
    chosen = bool(address.get("category"))
    limit = len(choices) if chosen else max(SHOWN, 12)
    clear = address.without("category").url if chosen else None
    return Group(facet.name, facet.label, "tree", choices[:limit], choices[limit:], clear=clear)


def _range(facet: Facet, address: Address, currency: str) -> Group:
    name = facet.name
    low, high = f"{name}_min", f"{name}_max"
    now = (_number(address.get(low)), _number(address.get(high)))
    choices = []
    for bucket in facet.buckets:
        limits = (bucket.low, bucket.high)
        selected = now != (None, None) and limits == now
        low_text, high_text = (None, None) if selected else tuple(map(_parameter, limits))
        url = address.between(name, low_text, high_text).url
        text = step_label(facet, bucket, currency)
        if bucket.count or selected:
            choices.append(Choice(text, bucket.count, url, selected))
    return Group(
        name=name,
        label=facet.label,
        kind="range",
        choices=choices,
        low=address.get(low),
        high=address.get(high),
        least="" if facet.min is None else parameter(facet.min),
        most="" if facet.max is None else parameter(facet.max),
        unit=currency if name == "price" else facet.unit or "",
        fields=address.fields(low, high),
    )


def step_label(facet: Facet, bucket: Bucket, currency: str) -> str:
    """'Under $10', '$10 – $20' for prices of 10 to 19.99; other steps are named by search, which knows their units."""
    name, low, high = facet.name, bucket.low, bucket.high
    if name == "price":
        end = None if high is None else round(high + 0.01, 2)
        if not low and end is not None:
            return f"Under {whole_money(end, currency)}"
        return between(name, low, end, currency=currency)
    return bucket.label or between(name, low, high, unit=facet.unit, currency=currency)


def between(name: str, low: float | None, high: float | None, *, unit: str | None = None, currency: str) -> str:
    """'$25 – $49.99', '256 GB and more', 'up to 2 m'."""
    low_text, high_text = (None if limit is None else _with_unit(name, limit, unit, currency) for limit in (low, high))
    if low_text and high_text:
        return high_text if low_text == high_text else f"Up to {high_text}" if not low else f"{low_text} – {high_text}"
    return f"{low_text} and more" if low_text else f"Up to {high_text}"


def _with_unit(name: str, value: float, unit: str | None, currency: str) -> str:
    if name == "price":
        return whole_money(value, currency)
    return f"{number(value)} {unit}" if unit else number(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _parameter(value: float | None) -> str | None:
    return None if value is None else parameter(value)
