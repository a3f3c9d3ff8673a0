"""The README is short, pages are in the navigation, links lead somewhere, what is made from the code is current."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.settings import Settings
from tests.tour import TOUR, steps
from tools.reference import pages
from tools.settings_page import group_of

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
README_LINES = 200
_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


def _leaves(part: Any) -> Iterator[str]:
    """The paths of pages in the navigation, or a part of it."""
    if isinstance(part, str):
        yield part
    else:
        for item in part.values() if isinstance(part, dict) else part:
            yield from _leaves(item)


def _links(path: Path) -> list[str]:
    """Where the page's links and pictures lead, code left out."""
    return _LINK.findall(_CODE.sub("", _FENCE.sub("", path.read_text())))


def _anchors(path: Path) -> set[str]:
    """The names of the page's headings, as the site makes them."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def test_the_readme_fits_on_a_few_screens() -> None:
    assert len((CHECKOUT / "README.md").read_text().splitlines()) <= README_LINES


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = list(_leaves(yaml.safe_load((CHECKOUT / "mkdocs.yml").read_text())["nav"]))
    assert sorted(navigation) == [path.relative_to(DOCS).as_posix() for path in _pages()]


def test_every_decision_is_in_the_index_with_its_title_and_date() -> None:
    index = (DOCS / "decisions" / "index.md").read_text()
    for path in (DOCS / "decisions").glob("0*.md"):
        form = r"# (\d+)\. (.+)\n\n- Status: (?:Proposed|Accepted|Superseded).*\n- Date: (\d{4}-\d\d-\d\d)\n\n"
        head = re.match(form, path.read_text())
        assert head, path.name
        number, title, date = head.groups()
        assert path.name.startswith(f"{int(number):04}-")
        assert re.search(rf"^\| {number} \| \[{re.escape(title)}\]\({path.name}\) \| .* \| {date} \|$", index, re.M), (
            title
        )


@pytest.mark.parametrize("path", [CHECKOUT / "README.md", *_pages()], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in _links(path):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        other = (path.parent / target) if target else path
        assert other.exists(), link
        assert not anchor or anchor in _anchors(other), link


def test_code_names_pages_that_exist() -> None:
    """Docstrings, comments, messages and alerts that name a page of docs/."""
    # An environment beside the sources has a name that begins so, whichever Python it is of.
    folders = [path for path in CHECKOUT.iterdir() if path.is_dir() and not path.name.startswith((".venv", ".git"))]
    files = [*CHECKOUT.glob("*"), *(path for folder in folders for path in folder.rglob("*"))]
    named: dict[str, Path] = {}
    for source in files:
        if source.suffix not in {".py", ".proto", ".yml", ".toml"}:
            continue
        if not {"site", "build", "node_modules"} & set(source.relative_to(CHECKOUT).parts):
            named |= dict.fromkeys(re.findall(r"\bdocs/[\w/-]+\.md", source.read_text()), source)
    assert len(named) > 10
    assert {page: source for page, source in named.items() if not (CHECKOUT / page).exists()} == {}


def test_what_is_made_from_the_code_is_current() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, "run `make reference` and commit what it writes"


def test_every_setting_is_described_and_in_one_group() -> None:
    assert {name: group_of(name) for name in Settings.model_fields if len(group_of(name)) != 1} == {}
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_calls_of_the_readme_are_those_of_the_tour() -> None:
    """A test runs the tour, and so the README too."""
    readme = steps((CHECKOUT / "README.md").read_text())
    assert len(readme) >= 5
    assert [step for step in readme if step not in steps(TOUR.read_text())] == []
