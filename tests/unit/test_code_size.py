"""No file over 400 lines, no function over 60 lines or 6 parameters, but for those that say why."""

import ast
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 6

#: Functions with more parameters, and why: each stands for one thing that its caller writes by name.
MANY_PARAMETERS = {
    "api/graphql/queries.py:search": "the arguments of the query in the schema",
    "api/rest/audit.py:list_audit": "the parameters of the address, and what FastAPI hands over",
    "api/rest/auth.py:__init__": "the fields of the form of RFC 6749",
    "api/rest/auth.py:revoke": "the fields of the form, and what FastAPI hands over",
    "cli/evaluate.py:evaluate": "the options of the command",
    "generator/grammar.py:axis": "a word of the generator's grammar, all optional",
    "generator/grammar.py:kind": "a word of the generator's grammar, all optional",
    "stack/ephemeral.py:ephemeral": "the options of servers for one run, all but one by name",
}


def _files() -> Iterator[tuple[str, ast.Module, int]]:
    """Each file of the project's own code: its path, its tree, its number of lines."""
    for path in sorted(CHECKOUT.rglob("*.py")):
        name = path.relative_to(CHECKOUT).as_posix()
        # A migration is never changed again, what protoc writes is not ours, and neither is an environment.
        if name.startswith((".", "build/", "migrations/versions/", "catalog/v1/")):
            continue
        text = path.read_text()
        yield name, ast.parse(text), text.count("\n")


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree, _ in _files():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{node.name}", node


def test_no_file_is_too_long() -> None:
    assert {name: lines for name, _, lines in _files() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    lengths = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in _functions()}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def test_no_function_takes_too_much() -> None:
    crowded = set()
    for name, node in _functions():
        parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        count = sum(parameter.arg not in ("self", "cls") for parameter in parameters)
        if count > MAX_PARAMETERS and not name.startswith("tests/"):
            crowded.add(name)
    assert crowded == MANY_PARAMETERS.keys()
