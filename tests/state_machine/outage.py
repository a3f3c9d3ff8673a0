"""When Elasticsearch was away, so that errors of that time are told from all others."""


class Outage:
    """Began and ended by one thread, asked by others."""

    def __init__(self) -> None:
        self._began = 0
        self._ended = 0

    def begin(self) -> None:
        self._began += 1

    def end(self) -> None:
        self._ended = self._began

    def mark(self) -> int:
        """Keep it from before a request, for `since`: how many outages had ended."""
        return self._ended

    def since(self, mark: int) -> bool:
        """Whether there was an outage at any moment since `mark` was taken."""
        return self._began > mark
