"""A unit test has no server, also in a run with other tests, whose servers are up."""

import pytest


@pytest.fixture(scope="session")
def settings() -> None:
    """In place of the fixture that every other fixture of a server begins with."""
    pytest.fail("a unit test asks for a server")
