"""What a call's metadata say: the first of several with one name, but each hop of a call that was forwarded."""

from typing import Any

from api.grpc.caller import metadata_of


class Context:
    def __init__(self, *metadata: tuple[str, str | bytes]) -> None:
        self._metadata = metadata

    def invocation_metadata(self) -> Any:
        return self._metadata


def test_a_client_can_not_speak_for_the_proxy_before_it() -> None:
    """A proxy may add a second entry and not to the first: what the client wrote alone would be believed."""
    found = metadata_of(Context(("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "203.0.113.7")))  # type: ignore[arg-type]
    assert found == {"x-forwarded-for": "127.0.0.1,203.0.113.7"}


def test_the_first_credential_counts() -> None:
    sent = Context(("authorization", "Bearer a"), ("authorization", "Bearer b"), ("x-bin", b"\x00"))
    assert metadata_of(sent) == {"authorization": "Bearer a"}  # type: ignore[arg-type]
