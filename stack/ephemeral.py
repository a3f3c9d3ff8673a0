"""Servers for one test run: free ports, a folder of their own, gone at the end, also when the run is killed."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from stack.config import StackConfig, default_cache
from stack.control import NEEDED, start
from stack.download import Report
from stack.elasticsearch import Elasticsearch
from stack.kafka import Kafka
from stack.ports import free_port
from stack.postgres import Postgres
from stack.reaper import end_all
from stack.redis import Redis
from stack.server import Server

# Linux mounts a file system in memory here; in a container it may hold a few megabytes only.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made there has a random name and belongs to us.
MEMORY_FREE_BYTES = 4 << 30


@dataclass(frozen=True)
class Ephemeral:
    """The servers that were asked for; asking this object for another one is an error."""

    config: StackConfig
    servers: dict[str, Server]

    @property
    def postgres_url(self) -> str:
        return self.config.postgres_url

    @property
    def redis_url(self) -> str:
        return self.config.redis_url

    @property
    def elasticsearch_url(self) -> str:
        return self.config.elasticsearch_url

    @property
    def kafka_url(self) -> str:
        return self.config.kafka_url

    @property
    def elasticsearch_password(self) -> str | None:
        """Of the user `elastic`; None without security."""
        return self.config.elasticsearch_password

    @property
    def postgres(self) -> Server:
        return self.servers[Postgres.name]

    @property
    def redis(self) -> Server:
        return self.servers[Redis.name]

    @property
    def elasticsearch(self) -> Server:
        return self.servers[Elasticsearch.name]

    @property
    def kafka(self) -> Server:
        return self.servers[Kafka.name]


@contextlib.contextmanager
def ephemeral(
    report: Report = lambda _: None,
    *,
    secure: bool = False,
    servers: Collection[str] = tuple(NEEDED),
    cache: Path | None = None,
    heap: str = "512m",
    fast_boot: bool = True,
    in_memory: bool = False,
) -> Iterator[Ephemeral]:
    """Started servers on free ports. The data survive `stop`, `kill` and `start` of a server, not the end.

    With `in_memory` the data are in the memory's own file system where it has room: Elasticsearch waits for the disk
    several times in each change of an index, which takes half of the time of making one.
    """
    with guarded_folder(in_memory=in_memory) as home:
        config = StackConfig(
            home=home,
            cache=cache or default_cache(),
            postgres_url=f"postgresql://catalog@127.0.0.1:{free_port()}/catalog",
            redis_url=f"redis://127.0.0.1:{free_port()}/0",
            elasticsearch_url=f"http://127.0.0.1:{free_port()}",
            kafka_url=f"kafka://127.0.0.1:{free_port()}",
            secure=secure,
            elasticsearch_password=secrets.token_urlsafe(18) if secure else None,
            heap=heap,
            fast_boot=fast_boot,
            ephemeral=True,
        )
        running = start(config, report, servers)
        yield Ephemeral(config, {server.name: server for server in running.servers})


@contextlib.contextmanager
def guarded_folder(*, in_memory: bool = False) -> Iterator[Path]:
    """A new folder. What is recorded in it (`stack.process.Record`) is ended with the block, and also when this process
    is killed; the folder is deleted."""
    home = _new_home(in_memory)
    guardian = _guard(home)
    try:
        yield home
    finally:
        end_all(home)
        guardian.kill()
        guardian.wait()


def _new_home(in_memory: bool) -> Path:
    # The account that runs the servers must reach it, which it could not below a private TMPDIR.
    shared = Path("/var/tmp")  # noqa: S108 - the folder made here has a random name and belongs to us.
    if in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_FREE_BYTES:
        shared = MEMORY
    base = shared if shared.is_dir() and os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    home = Path(tempfile.mkdtemp(prefix="catalog-stack-", dir=base))
    home.chmod(0o755)
    return home


def _guard(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "stack.reaper", str(home), str(os.getpid())],
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
