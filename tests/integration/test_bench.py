"""The benchmarks at tiny sizes: that they run to their end, compare whole documents and say what they measured.

Their figures mean nothing here, and none is looked at.
"""

import json
from typing import Any

import psycopg
import pytest
import typer
from elasticsearch import Elasticsearch

from bench import catalogue
from bench.equality import live_differing
from bench.errors import BenchError
from bench.fanout import fanout
from bench.freshness import freshness
from bench.processes import run_command
from bench.progress import Quiet
from bench.rebuild import rebuild
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.sync import sync
from catalog.settings import Settings
from cli.bench import tell
from tests.support import live_index, store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]

FIRES = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'products'::regclass ORDER BY tgname"
SHAPES = """
SELECT p.id, p.sku, array_length(string_to_array(p.description, ' '), 1) AS words,
       (SELECT count(*) FROM jsonb_object_keys(p.attributes)) AS attributes,
       (SELECT count(*) FROM product_images WHERE product_id = p.id) AS images,
       (SELECT count(*) FROM product_variants WHERE product_id = p.id) AS variants,
       cardinality(c.ids) AS depth, p.brand_id IS NOT NULL AS branded
FROM products p LEFT JOIN categories c ON c.id = p.category_id ORDER BY p.sku
"""


def figures(report: Report) -> dict[str, Any]:
    """The figures by name, as a machine reads them, of a report that every benchmark must be able to give."""
    said = json.loads(json.dumps(report.as_dict()))
    assert (said["problems"], said["differing"], said["ok"]) == ([], [], True)
    assert said["machine"].keys() >= {"cores", "memory_gb", "python", "postgres", "elasticsearch"}
    assert said["runs"]
    return {figure["name"]: figure for figure in said["figures"]}


def test_the_products_are_all_of_one_size_and_the_same_for_the_same_seed(db: Db) -> None:
    ids = catalogue.load(db, 300, 7, Quiet(), in_big_category=20)

    rows = db.execute(SHAPES).fetchall()
    assert sorted(ids) == sorted(row[0] for row in rows)
    assert {row[3:6] for row in rows} == {(5, 1, 0)}
    assert all(row[6] in (2, 3) and row[7] for row in rows)
    assert 35 <= sum(row[2] for row in rows) / 300 <= 40
    assert db.execute("SELECT count(*) FROM products WHERE category_id = %s", (catalogue.BIG_CATEGORY,)).fetchone() == (
        20,
    )
    db.execute("DELETE FROM products")
    db.execute("DELETE FROM categories")
    db.execute("DELETE FROM brands")
    assert catalogue.load(db, 300, 7, Quiet(), in_big_category=20) == ids
    assert [row[:6] for row in db.execute(SHAPES)] == [row[:6] for row in rows]


def test_a_document_that_differs_in_any_field_is_named(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    ids = store(settings, [{"sku": "EQUAL"}, {"sku": "CHANGED"}, {"sku": "LOST"}])
    sync_all(settings, db, es)
    assert live_differing(db, es, Quiet()) == []

    es.update(index=live_index(db), id=str(ids["CHANGED"]), doc={"image": "https://example.com/other.jpg"})
    es.delete(index=live_index(db), id=str(ids["LOST"]))

    assert sorted(live_differing(db, es, Quiet())) == sorted([str(ids["CHANGED"]), str(ids["LOST"])])


@pytest.mark.process
def test_rebuild_is_measured_beside_the_raw_limit(settings: Settings, db: Db, index: str) -> None:
    report = rebuild(BenchRun(settings, Quiet(), products=300, seed=1), processes=(2,), rounds=1, warm_up=300)

    found = figures(report)
    ours = found["rebuild, 2 processes"]
    assert ours["goal"] == ">= 0.75 x"
    assert ours["ratio"] == pytest.approx(ours["value"] / ours["reference"])
    assert len(report.runs[0]["peaks_mb"]) >= 2
    assert found["largest process of a rebuild"]["goal"] == "<= 200 MB"


@pytest.mark.process
def test_live_sync_is_measured_beside_a_plain_loop_and_a_writer_without_triggers(
    settings: Settings, db: Db, index: str
) -> None:
    before = db.execute(FIRES).fetchall()
    report = sync(BenchRun(settings, Quiet(), products=300, seed=1), rows=200, processes=1)

    found = figures(report)
    assert {name: figure["goal"] for name, figure in found.items()} == {
        "first commit to equal": ">= 0.5 x",
        "equal after the last commit": "<= 3 s",
        "the plain loop, for as many rows": None,
        "writer, workers follow": ">= 0.5 x",
        "writer, no workers": ">= 0.5 x",
        "largest process of the workers": "<= 200 MB",
    }
    # The triggers that one of the references does without are back, each as it was.
    assert db.execute(FIRES).fetchall() == before


@pytest.mark.process
def test_freshness_is_measured_beside_an_index_call_right_after_commit(settings: Settings, db: Db, index: str) -> None:
    report = freshness(BenchRun(settings, Quiet(), products=300, seed=1), seconds=2, warm_up_seconds=0.5)

    found = figures(report)
    assert [found[f"COMMIT to found, p{percent}"]["goal"] for percent in (50, 95, 99)] == [
        "<= 1.1 x",
        "<= 1.1 x",
        "<= 1.2 x",
    ]
    assert len(report.runs[0]["ours_seconds"]) == len(report.runs[0]["floor_seconds"]) == 20


@pytest.mark.process
def test_a_renamed_category_is_measured_with_a_single_change_meanwhile(settings: Settings, db: Db, index: str) -> None:
    report = fanout(BenchRun(settings, Quiet(), products=300, seed=1), rows=100, processes=1, rounds=1)

    found = figures(report)
    assert found["all renamed, the slowest"]["goal"] == "<= 4 s"
    assert found["single change meanwhile, the slowest"]["goal"] == "<= 2 s"
    assert found["all renamed, beside a plain loop"]["reference"] > 0
    assert db.execute("SELECT name FROM categories WHERE id = %s", (catalogue.BIG_CATEGORY,)).fetchone() == (
        "Renamed 1",
    )


@pytest.mark.process
def test_a_command_that_fails_ends_the_benchmark_with_what_it_said(settings: Settings, index: str) -> None:
    with pytest.raises(BenchError, match="There is no index to go back to"):
        run_command(settings, "rollback")


def test_each_figure_is_compared_with_the_reference_beside_it() -> None:
    figure = against("rate", "rows/s", [50.0, 120.0, 80.0], [100.0, 200.0, 100.0], at_least=0.5)

    assert (figure.value, figure.reference, figure.ratio) == (80.0, 100.0, 0.6)
    assert (figure.goal, figure.met) == (">= 0.5 x", True)


def test_a_missed_goal_is_shown_and_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    figure = alone("equal after", "s", 9.0, at_most=3.0)

    tell(Report("sync", {"cores": 2}, {"rows": 1}, [figure]), as_json=True)

    said = json.loads(capsys.readouterr().out)
    assert said["ok"]
    assert (said["figures"][0]["goal"], said["figures"][0]["met"]) == ("<= 3 s", False)


def test_documents_that_differ_are_printed_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("sync", {"cores": 2}, {"rows": 1}, differing=["0d9c2e1a"])

    with pytest.raises(typer.Exit) as exit_:
        tell(report, as_json=False)

    assert exit_.value.exit_code == 1
    assert "0d9c2e1a" in capsys.readouterr().err
