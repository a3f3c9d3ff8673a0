"""`catalog evaluate` through the live code path: figures, baseline, files, exit codes."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.commands import invoke
from tests.processes import run
from tests.support import store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]

PRODUCTS: list[dict[str, Any]] = [
    {"sku": "LAMP-1", "name": "Desk lamp", "category": "Lamps"},
    {"sku": "LAMP-2", "name": "Floor lamp", "category": "Lamps"},
    {"sku": "CHAIR", "name": "Garden chair", "category": "Chairs"},
    {"sku": "TABLE", "name": "<b>Garden</b> table", "category": "Tables"},
]
JUDGED = (
    "query,sku,rating\ndesk lamp,LAMP-1,3\ngarden chair,CHAIR,2\ngarden chair,TABLE,2\nzzyzx,GONE,3\ntable,LAMP-1,0\n"
)


@pytest.fixture
def judged(settings: Settings, db: Db, es: Elasticsearch, index: str, tmp_path: Path) -> Path:
    """A judgement file for a catalogue that is in the index."""
    store(settings, PRODUCTS)
    sync_all(settings, db, es)
    path = tmp_path / "judged.csv"
    path.write_text(JUDGED)
    return path


def found(settings: Settings, *arguments: str | Path) -> dict[str, Any]:
    done = invoke(settings, "evaluate", *map(str, arguments), "--json")
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_figures_of_the_live_search(settings: Settings, judged: Path) -> None:
    said = found(settings, judged)

    queries = {item["query"]: item for item in said["queries"]}
    assert (queries["desk lamp"]["ndcg"], queries["desk lamp"]["hits"][0]["key"]) == (1, "LAMP-1")
    assert queries["table"]["ndcg"] is None
    assert (queries["zzyzx"]["total"], queries["zzyzx"]["ndcg"]) == (0, 0)
    assert queries["zzyzx"]["missing"] == [{"key": "GONE", "rating": 3, "name": None, "place": None}]
    summary = said["summary"]
    assert (summary["queries"], summary["without_positive"], summary["absent"]) == (4, 1, 1)
    assert summary["zero_results"] == 0.25
    assert summary["latency"]["searches"] == 12
    assert 0 < summary["latency"]["p50"] <= summary["latency"]["p95"] <= summary["latency"]["p99"]


def test_the_same_figures_for_products_named_by_id(settings: Settings, db: Db, judged: Path, tmp_path: Path) -> None:
    ids = {sku: str(key) for sku, key in db.execute("SELECT sku, id FROM products")}
    lines = [line.split(",") for line in JUDGED.splitlines()[1:]]
    rated = [f"{query},{ids[sku]},{rating}" for query, sku, rating in lines if sku in ids]
    by_id = tmp_path / "by_id.csv"
    by_id.write_text("\n".join(["query,product_id,rating", *rated]))

    by_sku = {item["query"]: item["ndcg"] for item in found(settings, judged)["queries"]}

    assert {item["query"]: item["ndcg"] for item in found(settings, by_id)["queries"]}.items() <= by_sku.items()


def test_a_change_is_measured_against_a_saved_run(
    settings: Settings, db: Db, es: Elasticsearch, judged: Path, tmp_path: Path
) -> None:
    before = found(settings, judged, "--save", tmp_path / "before.json")
    db.execute("UPDATE products SET status = 'archived' WHERE sku = 'LAMP-1'")
    sync_all(settings, db, es)

    said = found(settings, judged, "--baseline", tmp_path / "before.json")["comparison"]["ndcg"]

    assert json.loads((tmp_path / "before.json").read_text())["summary"] == before["summary"]
    assert (said["wins"], said["losses"], said["ties"]) == (0, 1, 2)
    assert said["deltas"][0] == {"query": "desk lamp", "before": 1, "after": 0}
    assert said["difference"] == pytest.approx(-1 / 3)
    assert (said["same_judgements"], said["p_value"]) == (True, 1)


def test_tables_for_people_with_the_worst_query_first(settings: Settings, judged: Path, tmp_path: Path) -> None:
    invoke(settings, "evaluate", str(judged), "--save", str(tmp_path / "run.json"))

    done = invoke(settings, "evaluate", str(judged), "--baseline", str(tmp_path / "run.json"), "--worst", "2")

    assert done.returncode == 0, done.stderr
    assert "judged-only nDCG@10" in done.stdout
    assert "3 GONE: not in the catalogue" in done.stdout
    assert "and 2 better queries" in done.stdout
    assert done.stdout.index("zzyzx") < done.stdout.index("and 2 better")
    assert "95 % interval" in done.stdout


@pytest.mark.process
def test_a_process_of_its_own(settings: Settings, judged: Path) -> None:
    done = run(settings, "evaluate", str(judged), "--json")
    assert (done.returncode, len(json.loads(done.stdout)["queries"])) == (0, 4)


def test_the_html_report_shows_names_as_text(settings: Settings, judged: Path, tmp_path: Path) -> None:
    done = invoke(settings, "evaluate", str(judged), "--html", str(tmp_path / "report.html"))

    assert done.returncode == 0
    report = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;Garden&lt;/b&gt; table" in report
    assert "<b>" not in report


def test_malformed_judgements_end_it_with_code_1(settings: Settings, judged: Path) -> None:
    judged.write_text("query,sku,rating\nlamp,LAMP-1,9\n")

    done = invoke(settings, "evaluate", str(judged))

    assert done.returncode == 1
    assert "judged.csv: line 2, column rating" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.csv"], "missing.csv"),
        (["JUDGED", "--ruleset", "draft"], "only `live`"),
        (["JUDGED", "--depth", "500"], "--depth"),
        (["JUDGED", "--baseline", "missing.json"], "missing.json"),
        (["JUDGED", "--html", "no/such/folder/report.html"], "folder that exists"),
    ],
)
def test_a_wrong_argument_ends_it_with_code_2(
    settings: Settings, judged: Path, arguments: list[str], said: str
) -> None:
    done = invoke(settings, "evaluate", *[str(judged) if one == "JUDGED" else one for one in arguments])

    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_without_an_index_it_says_what_to_do(settings: Settings, db: Db, tmp_path: Path) -> None:
    (tmp_path / "judged.csv").write_text(JUDGED)

    done = invoke(settings, "evaluate", str(tmp_path / "judged.csv"))

    assert done.returncode == 1
    assert "catalog reindex" in done.stderr
