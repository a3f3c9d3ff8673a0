"""What the status of one item in a bulk answer means for its document."""

from uuid import UUID

import pytest

from indexer.bulk import Document, Outcome, _result


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.WRITTEN),
        (201, Outcome.WRITTEN),
        (400, Outcome.REFUSED),
        (404, Outcome.UNAVAILABLE),
        (409, Outcome.CONFLICT),
        (429, Outcome.UNAVAILABLE),
        (500, Outcome.UNAVAILABLE),
        (503, Outcome.UNAVAILABLE),
    ],
)
def test_the_meaning_of_a_status(status: int, outcome: Outcome) -> None:
    item = {"status": status} | ({} if status < 300 else {"error": {"type": "some_exception", "reason": "a reason"}})
    assert _result(Document(UUID(int=1), 1, {}), item).outcome is outcome


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (503, "unavailable_shards_exception", Outcome.SHARD_UNAVAILABLE),
        (503, "cluster_block_exception", Outcome.UNAVAILABLE),
        (400, "index_closed_exception", Outcome.UNAVAILABLE),
        (400, "document_parsing_exception", Outcome.REFUSED),
    ],
)
def test_the_type_of_an_error_decides_and_never_its_text(status: int, error: str, outcome: Outcome) -> None:
    """The reason of each begins with another one's type."""
    item = {"status": status, "error": {"type": error, "reason": "unavailable_shards_exception: a reason"}}
    assert _result(Document(UUID(int=1), 1, {}), item).outcome is outcome
    assert outcome.is_unavailable is (outcome is not Outcome.REFUSED)
