"""Which tests one worker of pytest-xdist runs together."""

from xdist.scheduler import LoadFileScheduling

from tests.lanes import SHARED_SERVER


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """A file stays with one worker, because its tests share servers and data; so do the files that share a server."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return SHARED_SERVER[0] if file in SHARED_SERVER else file
