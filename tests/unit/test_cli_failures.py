"""A server that is away is told in one sentence with exit code 1, and never as a traceback."""

import pytest

from catalog.settings import Settings
from cli.failures import sentence
from stack.ports import free_port
from tests.commands import invoke


def test_a_defect_of_ours_is_not_dressed_up() -> None:
    assert sentence(ValueError("ours")) is None


@pytest.mark.parametrize("command", [["sync"], ["reindex"], ["reconcile"], ["rollback"]])
def test_postgres_away(command: list[str]) -> None:
    url = f"postgresql://catalog@127.0.0.1:{free_port()}/catalog"
    done = invoke(Settings(database_url=url), *command)
    assert done.returncode == 1
    assert "Postgres does not answer" in done.stderr
    assert "Traceback" not in done.stderr
