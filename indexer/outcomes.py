"""What became of a product in one batch of live sync: each target has its say, the worst one decides."""

from dataclasses import dataclass
from enum import IntEnum


class Reason(IntEnum):
    """Why a product is settled or is not, the mildest first."""

    #: Every target has this version, or a newer one that Postgres knows.
    WRITTEN = 0
    #: An index that is not live did not take it yet.
    MISSED = 1
    #: An index has this very version with other contents.
    DIFFERS = 2
    #: An index is newer than Postgres.
    AHEAD = 3
    #: The live index refused the document itself.
    REFUSED = 4
    #: One shard of the live index takes no writes now; the others do.
    SHARD_UNAVAILABLE = 5
    #: The live index takes no writes now.
    UNAVAILABLE = 6


@dataclass(slots=True)
class ProductOutcome:
    """The worst that any target has said of one product so far."""

    #: The version that was read and sent.
    version: int
    reason: Reason = Reason.WRITTEN
    #: What was said, in words; None when nothing is wrong.
    error: str | None = None

    @property
    def unavailable(self) -> bool:
        """Whether the live index could not take it, for no fault of the product."""
        return self.reason >= Reason.SHARD_UNAVAILABLE

    def worsen(self, reason: Reason, error: str | None = None) -> None:
        """Note what a target says; what is milder than before changes nothing."""
        if reason >= self.reason:
            self.reason, self.error = reason, error
