"""The processes of a checkout: its commands to their end, and those that serve."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from stack.ports import free_port
from tests.recording.servers import INDEX_PREFIX, Addresses
from tests.recording.steps import ServerName

START_SECONDS = 180
STOP_SECONDS = 20
SETTINGS = {
    "INDEX_PREFIX": INDEX_PREFIX,
    "INDEX_REFRESH_INTERVAL": "100ms",
    "JWT_SECRET": "a secret of the recording alone: 0123456789",
    "API_KEY_PEPPER": "a pepper of the recording alone: 0123456789",
    # What is known of the catalogue is looked up for every search, so that no answer depends on when it was sent.
    "ATTRIBUTE_TYPES_TTL_SECONDS": "0",
    "SYNONYMS_TTL_SECONDS": "0",
    "SYNONYMS_WAIT_SECONDS": "30",
    "IDENTITY_CACHE_SECONDS": "0",
    # Slow machines answer the same, only later.
    "SEARCH_TIMEOUT_SECONDS": "30",
    "FALLBACK_TIMEOUT_SECONDS": "30",
    "REQUEST_TIMEOUT_SECONDS": "120",
    "RECONCILE_INTERVAL_SECONDS": "0",
    "WORKER_CONCURRENCY": "1",
    # Nothing changes most of the time: two processes need not look 40 times a second.
    "PUMP_INTERVAL_SECONDS": "0.2",
    "EVENT_RELAY_SECONDS": "0.2",
    "LOG_LEVEL": "WARNING",
}
# A server whose doors are narrow: what it refuses is answered too.
LIMITED = {
    "PUBLIC_SEARCH": "false",
    "LIMITS_EXEMPT_NETWORKS": "",
    "LIMITS_PER_ADDRESS": "12",
    "CORS_ORIGINS": "https://shop.example.com",
    "GRAPHQL_INTROSPECTION": "false",
    "GRAPHQL_BATCHING": "true",
    "GRAPHQL_MAX_BATCH": "2",
    "MAX_BODY_BYTES": "2048",
    "METRICS_NETWORKS": "10.0.0.0/8",
}


def commit_of(checkout: Path) -> str:
    """The commit of a checkout, with `+` when its files differ from it."""
    git = ["git", "-C", str(checkout)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    return commit + ("+" if changes else "")


@dataclass(frozen=True, slots=True)
class Checkout:
    """Runs `catalog` of a checkout with settings of its own, away from any `.env`."""

    path: Path
    addresses: Addresses

    def run(self, *command: str, stdin: bytes = b"") -> bytes:
        """What the command prints; raises RuntimeError with its errors when it fails."""
        process = subprocess.run(
            [str(self.program), *command],
            cwd=tempfile.gettempdir(),
            env=self.environment({}),
            input=stdin,
            capture_output=True,
            check=False,
        )
        if process.returncode:
            raise RuntimeError(f"catalog {' '.join(command)} failed: {process.stderr.decode(errors='replace')}")
        return process.stdout

    @property
    def program(self) -> Path:
        return self.path / ".venv" / "bin" / "catalog"

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        own = {
            "DATABASE_URL": self.addresses.postgres,
            "REDIS_URL": self.addresses.redis,
            "ELASTICSEARCH_URL": self.addresses.elasticsearch,
            **SETTINGS,
            **settings,
        }
        # Ten processes are started: without bytecode each would compile everything that it imports.
        foreign = ("CATALOG_", "PYTHONDONTWRITEBYTECODE")
        others = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        # Sets that are answered as lists, such as allowed methods, come in the same order every time.
        return others | {"PYTHONHASHSEED": "0"} | {f"CATALOG_{name}": value for name, value in own.items()}

    @contextmanager
    def running(self, command: str, settings: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """The command as a process, ended with its children at the end of the block."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(self.program), command],
                cwd=tempfile.gettempdir(),
                env=self.environment(settings),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                _end(process)


@dataclass(frozen=True, slots=True)
class Ports:
    http: int
    grpc: int


@contextmanager
def serving(checkout: Checkout) -> Iterator[dict[ServerName, Ports]]:
    """All processes of the service, ready: three servers of the API, a worker, a pump and a relay."""
    # A port at which nothing listens: Elasticsearch is away.
    away = {"ELASTICSEARCH_URL": f"http://127.0.0.1:{free_port()}"}
    own: dict[ServerName, dict[str, str]] = {"main": {}, "degraded": away, "limited": LIMITED}
    ports: dict[ServerName, Ports] = {name: Ports(free_port(), free_port()) for name in own}
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recording-")))
        processes: dict[ServerName, subprocess.Popen[bytes]] = {}
        for name, settings in own.items():
            both = {"HTTP_PORT": str(ports[name].http), "GRPC_PORT": str(ports[name].grpc)}
            running = checkout.running("serve", settings | both, logs / f"serve-{name}.log")
            processes[name] = stack.enter_context(running)
        for command in ("worker", "pump", "relay"):
            stack.enter_context(checkout.running(command, {}, logs / f"{command}.log"))
        for name, process in processes.items():
            _await_server(process, ports[name].http, logs / f"serve-{name}.log")
        yield ports


def _await_server(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/live").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"catalog serve did not start: {log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    # Children that have outlived it, or all of them when it did not end.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
