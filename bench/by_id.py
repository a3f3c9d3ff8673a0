"""A product by its id, through REST and gRPC, beside a bare endpoint of each that runs the same SELECT."""

import asyncio
import secrets
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from typing import Any
from uuid import UUID

import grpc
from pydantic import SecretStr

from bench import catalogue
from bench.load import Call, Load, Measured, Search, closed, load_program, paced
from bench.machine import machine
from bench.processes import running
from bench.progress import Progress
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.shop import note, wait_for
from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.v1 import product_service_pb2 as pb
from catalog.v1.product_service_pb2_grpc import ProductServiceStub
from evaluation.metrics import percentile
from stack.ports import free_port

OF_BARE, P99_MS = 0.5, 20.0
CLIENTS = 8
CHANNELS = 4
WARM_UP_SECONDS = 4.0
MAX_SAMPLE_IDS = 1000


class Rest:
    """Loads an HTTP endpoint."""

    def __init__(self, load: Load, url: str, ids: Sequence[UUID]) -> None:
        self._load = load
        self._searches: list[Search] = [(Call("GET", f"{url}/{product_id}"),) for product_id in ids]

    def closed(self, seconds: float) -> Measured:
        return self._load.closed(self._searches, CLIENTS, seconds)

    def paced(self, per_second: float, seconds: float) -> Measured:
        return self._load.paced(self._searches, per_second, seconds)


class Grpc:
    """Loads a gRPC method, from a process of its own like the load program."""

    def __init__(self, process: ProcessPoolExecutor, port: int, ids: Sequence[UUID]) -> None:
        self._process = process
        self._port = port
        self._ids = [str(product_id) for product_id in ids]

    def closed(self, seconds: float) -> Measured:
        return self._process.submit(_grpc, self._port, self._ids, seconds).result()

    def paced(self, per_second: float, seconds: float) -> Measured:
        return self._process.submit(_grpc, self._port, self._ids, seconds, per_second).result()


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to a product, and the bare endpoint beside it."""

    name: str
    ours: Rest | Grpc
    bare: Rest | Grpc


def by_id(run: BenchRun, *, seconds: float, rounds: int = 2, warm_up_seconds: float = WARM_UP_SECONDS) -> Report:
    """Products a second at saturation, each of our runs between two of the bare endpoint; then both at half of ours."""
    run = run.with_settings(
        http_host="127.0.0.1",
        http_port=free_port(),
        grpc_host="127.0.0.1",
        grpc_port=free_port(),
        jwt_secret=SecretStr(secrets.token_urlsafe(32)),
    )
    settings, progress, products, seed = run.settings, run.progress, run.products, run.seed
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
    ):
        ids = catalogue.load(connection, products, seed, progress)
        report = Report(
            "by-id", machine(connection, client, settings), {"products": products, "seed": seed, "rounds": rounds}
        )
    ids = ids[:MAX_SAMPLE_IDS]
    bare_http, bare_grpc = free_port(), free_port()
    progress.begin("starting the API and the bare endpoints")
    with (
        running(settings, "serve"),
        running(settings, str(bare_http), str(bare_grpc), module="bench.baseline_api"),
        load_program() as load,
        own_process() as process,
    ):
        ours, bare = f"http://127.0.0.1:{settings.http_port}/api/v1/products", f"http://127.0.0.1:{bare_http}/products"
        for url in (ours, bare):
            wait_for(f"{url}/{ids[0]}")
        for interface in (
            Interface("REST", Rest(load, ours, ids), Rest(load, bare, ids)),
            Interface("gRPC", Grpc(process, settings.grpc_port, ids), Grpc(process, bare_grpc, ids)),
        ):
            progress.begin(f"warming up {interface.name}")
            for each in (interface.ours, interface.bare):
                each.closed(warm_up_seconds)
            _measure(report, interface, seconds, rounds, progress)
    return report


def _measure(report: Report, interface: Interface, seconds: float, rounds: int, progress: Progress) -> None:
    door, ours, bare = interface.name, interface.ours, interface.bare

    def rate(name: str, which: Rest | Grpc) -> float:
        progress.begin(f"measuring {name}")
        measured = which.closed(seconds)
        note(report, name, measured)
        return measured.per_second

    rates: list[tuple[float, float]] = []
    before = rate(f"a bare {door} endpoint", bare)
    for _ in range(rounds):
        own = rate(door, ours)
        after = rate(f"a bare {door} endpoint", bare)
        rates.append((own, (before + after) / 2))
        before = after
    report.runs += [{"door": door, "per_second": own, "bare_per_second": reference} for own, reference in rates]
    if not all(own and reference for own, reference in rates):
        report.problems.append(f"{door}: there is nothing to compare, as no request succeeded.")
        return
    half = median(own for own, _ in rates) / 2
    progress.begin(f"measuring {door} at half load")
    reference, calm = bare.paced(half, seconds), ours.paced(half, seconds)
    note(report, f"{door} at half load", reference, calm)
    report.figures += [
        against(
            f"{door}, {CLIENTS} clients, beside a bare endpoint",
            "/s",
            [own for own, _ in rates],
            [reference for _, reference in rates],
            at_least=OF_BARE,
        ),
    ]
    for percent, goal in ((50, None), (99, P99_MS)):
        value, beside = (percentile(each.milliseconds, percent) or 0 for each in (calm, reference))
        name = f"{door} at half load, {half:.0f}/s, p{percent}"
        report.figures.append(alone(name, "ms", value, beside=beside, at_most=goal))


@contextmanager
def own_process() -> Iterator[ProcessPoolExecutor]:
    """For a client of gRPC, while the block runs."""
    # A Ctrl-C reaches every process of the terminal; this one is ended by the one that it works for.
    with ProcessPoolExecutor(
        1, get_context("spawn"), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    ) as process:
        yield process


def _grpc(port: int, ids: Sequence[str], seconds: float, per_second: float | None = None) -> Measured:
    return asyncio.run(_ask(port, ids, seconds, per_second))


async def _ask(port: int, ids: Sequence[str], seconds: float, per_second: float | None) -> Measured:
    # Channels to one address share a connection unless they are told not to.
    channels = [
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1), ("place", place)])
        for place in range(CHANNELS)
    ]
    stubs = [ProductServiceStub(channel) for channel in channels]
    try:
        for channel in channels:
            await asyncio.wait_for(channel.channel_ready(), 10)
        requests = [(stubs[place % CHANNELS], product_id) for place, product_id in enumerate(ids)]
        if per_second is None:
            return await closed(_send, requests, CLIENTS, seconds)
        return await paced(_send, requests, per_second, seconds)
    finally:
        for channel in channels:
            await channel.close()


async def _send(one: tuple[Any, str], since: float, measured: Measured) -> None:
    stub, product_id = one
    try:
        product = await stub.GetProduct(pb.GetProductRequest(id=product_id), timeout=30)
    except grpc.aio.AioRpcError as error:
        measured.fail(f"{error.code().name} {error.details()}")
        return
    if product.id != product_id or not product.name:
        measured.fail(f"not the product {product_id}")
        return
    measured.milliseconds.append((time.perf_counter() - since) * 1000)
