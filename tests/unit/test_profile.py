"""Which attributes have a facet, and of which kind."""

from typing import Any

from mappings.attributes import SEPARATOR
from mappings.numbers import sortable_token
from search.planning.attribute_types import Kinds, read_kinds
from search.planning.facet_selection import MOST_FACETS, Profile, profile_aggs, read_profile, said_by_values
from search.text.term_patterns import LONGEST, escape, length, names_includes

PRODUCTS = 1000


def answer(
    values: dict[str, dict[str, int]], numbers: dict[str, dict[float, int]] | None = None, prices: tuple[int, ...] = ()
) -> dict[str, Any]:
    """What Elasticsearch answers for a sample: products by value of text attributes and of numeric ones."""
    numbers = numbers or {}
    texts = {name: sum(held.values()) for name, held in values.items()}
    names = {f"{name}{SEPARATOR}t": count for name, count in texts.items()}
    names |= {f"{name}{SEPARATOR}n": sum(held.values()) for name, held in numbers.items()}
    tokens = {f"{name}{SEPARATOR}{value}": count for name, held in values.items() for value, count in held.items()}
    coded = {f"{name}{SEPARATOR}{sortable_token(at)}": held[at] for name, held in numbers.items() for at in held}
    return {
        "sample": {"doc_count": PRODUCTS, "names": _buckets(names), "tokens": _buckets(tokens)},
        "few": {"numbers": _buckets(coded), "prices": {"buckets": [{"key": key, "doc_count": 1} for key in prices]}},
    }


def _buckets(counts: dict[str, int]) -> dict[str, Any]:
    return {"buckets": [{"key": key, "doc_count": count} for key, count in counts.items()]}


def kinds(**of: str) -> Kinds:
    return Kinds({name: frozenset(letters) for name, letters in of.items()})


def names(profile: Profile) -> list[str]:
    return [facet.name for facet in profile.attributes]


def test_common_and_telling_attributes_come_first() -> None:
    found = answer({
        "rare": {"a": 30, "b": 30},
        "one_value": {"yes": 1000},
        "lopsided": {"a": 990, "b": 10},
        "color": {"red": 300, "blue": 300, "green": 300},
        "model": {f"M{number}": 1 for number in range(900)},
    })  # fmt: skip
    assert names(read_profile(found, Kinds())) == ["color", "lopsided", "rare"]


def test_a_choice_of_unseen_values_is_taken_for_model_numbers() -> None:
    """Only the commonest values are counted in a sample: what covers all, and has none among them, is a name."""
    found = answer({"color": {"red": 500, "blue": 400}})
    found["sample"]["names"]["buckets"].append({"key": f"serial{SEPARATOR}t", "doc_count": 1000})
    assert names(read_profile(found, Kinds())) == ["color"]


def test_a_few_values_that_all_differ_are_worth_more_than_many() -> None:
    assert said_by_values([1, 1], 2) > said_by_values([1] * 20, 20) > said_by_values([1] * 200, 200)


def test_there_are_not_too_many() -> None:
    found = answer({f"a{number}": {"x": 400, "y": 400} for number in range(40)})
    assert len(read_profile(found, Kinds()).attributes) == MOST_FACETS


def test_numbers_are_ranges_with_steps_or_a_few_values() -> None:
    found = answer(
        {}, {"weight_g": {float(number * 10): 20 for number in range(50)}, "ports": {1: 300, 2: 300, 4: 400}}
    )
    profile = read_profile(found, kinds(weight_g="n", ports="n"))
    weight = profile.facet("weight_g")
    assert weight is not None
    assert (weight.type, weight.steps, weight.wide) == ("range", (100, 200, 300, 400), False)


def test_numbers_that_nearly_all_differ_are_counted_by_step() -> None:
    same = {float(number): 2 for number in range(200)}
    other = {float(number): 1 for number in range(300)}
    profile = read_profile(answer({}, {"same": same, "other": other}), kinds(same="n", other="n"))
    assert {facet.name: facet.wide for facet in profile.attributes} == {"same": False, "other": True}


def test_a_number_that_is_text_somewhere_is_shown_by_values() -> None:
    found = answer({"fit": {"1": 300, "slim": 300}}, {"fit": {float(number): 30 for number in range(20)}})
    profile = read_profile(found, kinds(fit="nt"))
    assert [facet.type for facet in profile.attributes] == ["values"]


def test_large_whole_numbers_that_all_differ_are_names() -> None:
    found = answer({}, {"ean": {4006381333000.0 + number: 1 for number in range(300)}})
    assert names(read_profile(found, kinds(ean="n"))) == []


def test_named_attributes_are_there_whatever_they_say() -> None:
    found = answer({"color": {"red": 500, "blue": 400}})
    assert names(read_profile(found, Kinds(), ["none", "color"])) == ["none", "color"]
    assert names(read_profile(found, Kinds(), ["none"], auto=False)) == ["none"]


def test_an_empty_sample_has_no_facets() -> None:
    assert read_profile(answer({}), Kinds()) == Profile()


def test_prices_have_steps_in_cents() -> None:
    prices = tuple(range(1000, 11_000, 100))
    assert read_profile(answer({}, prices=prices), Kinds()).price_steps == (2000, 4000, 6000, 8000, 10000)


def test_the_sample_is_bounded() -> None:
    """Everything is below a sampler, so that a look costs the same in every catalogue."""
    assert all(agg.keys() == {"sampler", "aggs"} for agg in profile_aggs(["weight_g"]).values())


def test_kinds_are_of_the_whole_catalogue() -> None:
    held = read_kinds(f"{name}{SEPARATOR}{kind}" for name, kind in
                      [("color", "t"), ("color", "o"), ("depth", "n"), ("depth_min", "t"), ("size", "o"), ("rpm", "n"),
                       ("rpm", "m")])  # fmt: skip
    assert [held.may_be_option(name) for name in ("color", "size", "unknown", "depth")] == [True, True, True, False]
    assert [held.is_number(name) for name in ("rpm", "depth", "color", "unknown")] == [True, False, False, False]
    assert [held.has_many_numbers(name) for name in ("rpm", "depth", "unknown")] == [True, False, False]
    assert "color" in held
    assert "unknown" not in held


def test_patterns_hold_names_as_plain_text() -> None:
    assert escape("a.b[c]_1 é") == r"a\.b\[c\]_1\ é"


def test_patterns_are_never_longer_than_allowed() -> None:
    many = ["." * 100] * 30 + ["😀" * 100] * 10
    patterns = list(names_includes(many))
    assert len(patterns) > 1
    assert max(map(length, patterns)) <= LONGEST
    assert sum(pattern.count("|") + 1 for pattern in patterns) == len(many)
