"""A shop to be measured: a catalogue in the index, its API as a process, shoppers, and the load program."""

import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import SecretStr

from bench import catalogue
from bench.baseline_index import settled
from bench.errors import BenchError
from bench.load import Call, Load, Measured, Search, load_program
from bench.machine import machine
from bench.processes import Peaks, run_command, running
from bench.progress import Progress
from bench.report import Report
from bench.run import BenchRun
from bench.shopper import Parameters, Shopper, look_around
from bench.state import give_up_standby
from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from indexer.indexer import Indexer
from indexer.rebuild import ensure_index
from mappings.names import read_alias
from stack.ports import free_port

START_TIMEOUT_SECONDS = 60.0
WARM_UP_CLIENTS = 4
WARM_UP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Shop:
    """A catalogue that can be searched, and shoppers for it."""

    #: Of the API that answers at `url`.
    settings: Settings
    url: str
    #: The memory of the API's processes.
    peaks: Peaks
    load: Load
    shopper: Shopper
    #: What it all runs on.
    machine: dict[str, Any]
    #: Called with every step.
    progress: Progress

    def search(self, parameters: Parameters) -> Search:
        return (Call("GET", f"{self.url}/api/v1/search?{urlencode(parameters)}"),)

    def autocomplete(self, parameters: Parameters) -> Search:
        return (Call("GET", f"{self.url}/api/v1/autocomplete?{urlencode(parameters)}"),)

    def warm_up(self, streams: Sequence[Sequence[Search]], seconds: float) -> None:
        """Send everything that will be measured, for the code of all processes to be compiled and caches to be full."""
        self.progress.begin("warming up")
        for stream in streams:
            self.load.closed(stream, WARM_UP_CLIENTS, seconds / len(streams))


@contextmanager
def open_shop(run: BenchRun) -> Iterator[Shop]:
    """Load a catalogue, rebuild its index and open. Raises BenchError when the index has not every product."""
    port = free_port()
    run = run.with_settings(
        http_port=port,
        grpc_port=0,
        http_host="127.0.0.1",
        public_search=True,
        jwt_secret=SecretStr(secrets.token_urlsafe(32)),
    )
    settings, progress = run.settings, run.progress
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
    ):
        ids = _fill(run, Indexer(connection, client, settings))
        shopper = Shopper(look_around(connection, ids, run.seed), run.seed)
        progress.begin("starting the API")
        with running(settings, "serve") as peaks, load_program() as load:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/health/ready")
            yield Shop(settings, url, peaks, load, shopper, machine(connection, client, settings), progress)


def note(report: Report, name: str, *measured: Measured) -> None:
    """Say in the report which requests went wrong: figures beside them are worth nothing."""
    for item in measured:
        if item.failed:
            total = item.failed + len(item.milliseconds)
            report.problems.append(f"{name}: {item.failed:,} of {total:,} requests failed: {'; '.join(item.errors)}")


def _fill(run: BenchRun, indexer: Indexer) -> list[UUID]:
    settings, client, products = indexer.settings, indexer.client, run.products
    ensure_index(settings, client)
    ids = catalogue.load(indexer.connection, products, run.seed, run.progress)
    run.progress.begin("building the index")
    run_command(settings, "reindex", "--processes", "2")
    give_up_standby(indexer)
    settled(client)
    count = client.count(index=read_alias(settings.index_prefix))["count"]
    if count != products:
        raise BenchError(f"The index has {count:,} of {products:,} products.")
    return ids


def wait_for(url: str) -> None:
    """Until it answers. Raises BenchError."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                raise BenchError(f"The API does not get ready within {START_TIMEOUT_SECONDS:.0f} s: {error}") from None
        time.sleep(0.1)
