"""Variables are named after their content: a past participle ("found", "held") says the tense of a value, no more.

Their number in production code stands in a file beside this one, and it may only fall.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUDGET = Path(__file__).with_name("names_budget.txt")
PARTICIPLES = frozenset({"found", "held", "told", "said", "asked", "kept", "given"})


def production_files() -> Iterator[Path]:
    """The Python files of every package that is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]:
        yield from sorted((ROOT / pattern.removesuffix("*")).rglob("*.py"))


def variables(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each variable that a module introduces: assigned, of a loop or a pattern, parameter or field."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.lineno, node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.lineno, node.rest


def participles() -> list[str]:
    """Where a variable is a participle: `path:line: name`."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in production_files()
        for line, name in variables(ast.parse(path.read_text()))
        if name in PARTICIPLES
    ]


def test_every_kind_of_variable_is_counted() -> None:
    source = """
found: int = 1
held, (told, *said) = values
def asked(kept, *given, **found): ...
for held in values: pass
with open_it() as told: pass
self.said = [asked for asked in values if (kept := asked)]
try: pass
except Error as given: pass
match found:
    case {"a": held, **told}: pass
    case [*said]: pass
lambda asked: found.held
"""
    names = [name for _, name in variables(ast.parse(source))]
    expected = "found held told said kept given found held told said asked kept given held told said asked"
    assert sorted(names) == sorted(expected.split())


def test_participles_become_fewer() -> None:
    budget = int(BUDGET.read_text())
    places = participles()
    assert len(places) <= budget, "Name these variables after their content:\n" + "\n".join(places)
    assert len(places) == budget, f"Only {len(places)} are left: lower the number in {BUDGET.relative_to(ROOT)}."
