"""What to start and where: URLs, folders and options, given as arguments because this room reads no settings."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stack.errors import StackError

APPLICATION = "catalog-search"
LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}


@dataclass(frozen=True)
class StackConfig:
    """Which servers to start, and where."""

    #: The folder of their data and logs.
    home: Path
    #: The folder of downloaded programs, for all homes.
    cache: Path
    #: Each port is that of the URL.
    postgres_url: str
    redis_url: str
    elasticsearch_url: str
    kafka_url: str = "kafka://127.0.0.1:9092"
    #: Whether Elasticsearch asks for a password.
    secure: bool = False
    elasticsearch_password: str | None = None
    #: Of Elasticsearch, as Java writes it (`512m`, `1g`).
    heap: str = "512m"
    #: Whether Java compiles for a quick start, and not for a long run.
    fast_boot: bool = True
    #: Whether the data may be lost with the machine.
    ephemeral: bool = False


@dataclass(frozen=True)
class Endpoint:
    """The parts of a server's URL that a start needs."""

    port: int
    user: str
    database: str


def endpoint(url: str, default_port: int) -> Endpoint:
    """Raises StackError unless the URL points at this machine: a server elsewhere cannot be started from here."""
    try:
        parts = urlsplit(url)
        port = parts.port or default_port
    except ValueError as error:
        raise StackError(f"{url} is not a usable address ({error}); write it like scheme://127.0.0.1:port.") from None
    if parts.hostname not in LOOPBACK:
        raise StackError(
            f"{parts.hostname or url} is not this machine, so no server can be started for it; "
            "use an address on 127.0.0.1, or run that server yourself and leave out `catalog up`."
        )
    if parts.scheme in {"https", "rediss"}:
        raise StackError(f"Servers started here speak plain text on loopback; write {url} without TLS.")
    return Endpoint(port, unquote(parts.username or ""), unquote(parts.path.lstrip("/")))


def default_home(checkout: Path) -> Path:
    """Where one checkout keeps its servers' data. Two checkouts never share a database by accident."""
    key = hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:12]
    return _base("XDG_STATE_HOME", ".local/state", "/var/lib") / APPLICATION / key


def default_cache() -> Path:
    """Where downloaded servers are kept; all checkouts of one account share it."""
    return _base("XDG_CACHE_HOME", ".cache", "/var/cache") / APPLICATION


def _base(variable: str, below_home: str, for_root: str) -> Path:
    # Root's servers run as an unprivileged account, which cannot enter a 0700 home.
    if os.geteuid() == 0:
        return Path(for_root)
    return Path(os.environ.get(variable) or Path.home() / below_home)
