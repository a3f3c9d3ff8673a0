"""What is typed and what it may become."""

import pytest

from search.completion import completes


@pytest.mark.parametrize(
    ("typed", "name"),
    [("head", "Headphones"), ("HEAD ph", "Head Phones"), ("ear in", "In-ear"), ("haed", "Headphones"),
     ("heedph", "Headphones"), ("crème", "Creme"), ("creme", "Crème"), ("headfones x", "Headphones X"), ("", "Any")],
)  # fmt: skip
def test_completes(typed: str, name: str) -> None:
    assert completes(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("phones", "Headphones"), ("xead", "Headphones"), ("ha", "Headphones"), ("head z", "Headphones"), ("sho", "Lamp"),
     ("hxxdph", "Headphones")],
)  # fmt: skip
def test_does_not_complete(typed: str, name: str) -> None:
    assert not completes(typed, name)
