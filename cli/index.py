"""Commands about the index: rollback, reconcile, sync."""

import json
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.services.command_audit import recorded
from catalog.services.ledger import LAG
from catalog.settings import get_settings
from indexer import switch
from indexer.indexer import Indexer
from indexer.registry import targets
from indexer.repair import Findings
from indexer.verify import Verification, verify
from mappings.checksum import BUCKETS

console = Console(stderr=True)
# Of each kind of difference.
LISTED = 20


def rollback() -> None:
    """Go back to the index that was live before the last swap; it has been kept current."""
    settings = get_settings()
    details: dict[str, str] = {}
    with closing(make_client(settings)) as client, recorded(settings, "index.rollback", "index", {}, details):
        name = details["index"] = switch.rollback(settings, client)
    console.print(f"{name} is live")


def reconcile(
    repair: Annotated[bool, typer.Option("--repair", help="write what differs again")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="versions only, not contents")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    wait: Annotated[float, typer.Option(min=0, help="seconds for live sync to write what was changed before")] = 30,
) -> None:
    """Prove that every index equals Postgres, versions and contents. Exit code 0 only when that is proven.

    With --repair, the workers write what differs again, and it is compared once more.
    """
    settings = get_settings()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    repaired: dict[str, int] = {}
    noted = recorded(settings, "index.repair", "index", {}, repaired) if repair else nullcontext()
    with (
        closing(make_client(settings)) as client,
        closing(connect(settings, "catalog-reconcile", autocommit=True)) as connection,
        noted,
        Progress(*columns, console=console) as bar,
    ):
        shown = bar.add_task("comparing", total=BUCKETS)
        proof = verify(
            Indexer(connection, client, settings),
            repair=repair,
            quick=quick,
            wait=wait,
            report=lambda index, done: bar.update(shown, description=index, completed=done),
        )
        repaired["products"] = proof.repaired
        given_up = [target for target in targets(connection) if target.given_up]
    _tell(proof, as_json)
    for target in given_up:
        console.print(f"{target.name} ({target.state}) is left out: {target.error}", style="yellow", markup=False)
    if not proof.equal:
        raise typer.Exit(1)


def _tell(proof: Verification, as_json: bool) -> None:
    if as_json:
        indexes = [asdict(item) | {"equal": item.equal} for item in proof.indexes]
        typer.echo(json.dumps(asdict(proof) | {"indexes": indexes, "equal": proof.equal}, default=str))
        return
    out = Console(soft_wrap=True)
    _tell_indexes(out, proof.indexes)
    for problem in proof.problems:
        out.print(problem, markup=False)
    for count, what in (
        (proof.unrecorded, "products are there and not in the ledger, or the other way round: triggers did not fire"),
        (proof.outstanding, "changes from before are still not written: are workers running?"),
        (proof.quarantined, "products are in quarantine: see `catalog quarantine list`"),
    ):
        if count:
            out.print(f"{count:,} {what}")
    if proof.repaired:
        out.print(f"{proof.repaired:,} products were given to the workers to be written again")
    out.print("All is equal." if proof.equal else "NOT equal.")


def _tell_indexes(out: Console, findings: Sequence[Findings]) -> None:
    for item in findings:
        if item.error:
            out.print(f"{item.index}: not compared: {item.error}", markup=False)
            continue
        rate = item.products / item.seconds if item.seconds else 0
        out.print(
            f"{item.index}: {item.products:,} products compared in {item.seconds:.1f} s ({rate:,.0f} products/s), "
            f"{'equal' if item.equal else 'NOT equal'}"
        )
        for kind, differing in (("version", item.versions), ("ahead of Postgres", item.ahead)):
            for one in differing[:LISTED]:
                out.print(f"  {kind}: {one.product_id} Postgres {one.database_version}, index {one.indexed_version}")
            _more(out, kind, len(differing))
        for product_id in item.contents[:LISTED]:
            out.print(f"  contents: {product_id}")
        _more(out, "contents", len(item.contents))
        if item.unmade:
            out.print(f"  {item.unmade:,} products can't be made into documents: nothing is known of them")
        if item.ahead:
            out.print("  An index ahead of Postgres means that a backup was restored: run `catalog reindex`.")


def _more(out: Console, kind: str, count: int) -> None:
    if count > LISTED:
        out.print(f"  {kind}: and {count - LISTED:,} more; `--json` lists all of them")


def sync(as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False) -> None:
    """Show how far the index is behind: pending products, age of the oldest, quarantine."""
    with closing(connect(get_settings(), "catalog-cli", autocommit=True)) as connection:
        row = connection.execute(LAG).fetchone() or (0, 0.0, 0, 0)
        indexes = [
            {
                "name": target.name,
                "state": target.state,
                "schema_version": target.schema_version,
                "error": target.error,
                "given_up": target.given_up,
            }
            for target in targets(connection)
        ]
    lag = {
        "pending": row[0],
        "oldest_seconds": round(row[1], 3),
        "quarantined": row[2],
        "fanout": row[3],
        "indexes": indexes,
    }
    if as_json:
        typer.echo(json.dumps(lag))
        return
    out = Console()
    out.print(f"pending      {lag['pending']} (oldest {lag['oldest_seconds']} s)")
    out.print(f"quarantined  {lag['quarantined']}")
    out.print(f"fan-out      {lag['fanout']}")
    for index in indexes:
        out.print(f"{index['state']:<12} {index['name']} (schema {index['schema_version']})")
        if index["error"]:
            out.print(f"{'':<12} can't go live: {index['error']}", markup=False)
