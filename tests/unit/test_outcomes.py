"""Each target has its say about a product; the worst one decides."""

from itertools import permutations

from indexer.outcomes import ProductOutcome, Reason


def test_the_worst_reason_decides_in_any_order() -> None:
    for reasons in permutations((Reason.WRITTEN, Reason.MISSED, Reason.REFUSED, Reason.SHARD_UNAVAILABLE)):
        outcome = ProductOutcome(1)
        for reason in reasons:
            outcome.worsen(reason, reason.name)
        assert (outcome.reason, outcome.error, outcome.unavailable) == (
            Reason.SHARD_UNAVAILABLE, "SHARD_UNAVAILABLE", True
        )  # fmt: skip


def test_a_milder_reason_changes_nothing() -> None:
    outcome = ProductOutcome(1)
    outcome.worsen(Reason.AHEAD, "newer than Postgres")
    outcome.worsen(Reason.MISSED)
    assert (outcome.reason, outcome.error, outcome.unavailable) == (Reason.AHEAD, "newer than Postgres", False)
