"""Evaluations in files, so that a later one can be compared with an earlier one."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from catalog.errors import CatalogError
from evaluation.result import FORMAT, Evaluation

_EVALUATION = TypeAdapter(Evaluation)


class BaselineError(CatalogError):
    """A file that is not a saved evaluation."""

    title = "Wrong baseline"


def save(evaluation: Evaluation, path: Path) -> None:
    """Write it as JSON. Raises OSError as writing does."""
    path.write_bytes(_EVALUATION.dump_json(evaluation, indent=1) + b"\n")


def read(path: Path) -> Evaluation:
    """A saved evaluation. Raises BaselineError for anything else; OSError as reading does."""
    try:
        evaluation = _EVALUATION.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BaselineError(
            f"{path.name} is not an evaluation saved by `catalog evaluate --save`: {where}: {first['msg']}."
        ) from None
    if evaluation.format != FORMAT:
        raise BaselineError(f"{path.name} was saved in format {evaluation.format}, this is {FORMAT}: save it again.")
    return evaluation
