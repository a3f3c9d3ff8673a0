"""`catalog import` and `catalog generate`: exit codes, rejects file, standard streams."""

import gzip
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from catalog.settings import Settings
from tests.commands import Finished, invoke

Db = psycopg.Connection[Any]

GOOD = b'{"sku": "A-1", "name": "Lamp", "price": "9.90"}\n'
BAD = b'{"sku": "A-2", "name": "Desk", "price": "-1"}\n'


class Cli:
    """`catalog` in a folder: in this process when it is called, in one of its own by `start`."""

    def __init__(self, settings: Settings, cwd: Path) -> None:
        self.settings = settings
        self.cwd = cwd
        checkout = str(Path(__file__).parents[2])
        self.environment = {**os.environ, "CATALOG_DATABASE_URL": settings.database_url, "PYTHONPATH": checkout}

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Finished:
        return invoke(self.settings, *arguments, stdin=stdin, folder=self.cwd)

    def summary(self, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self("import", *arguments, "--json", stdin=stdin).stdout)
        return found

    def start(
        self, *arguments: str, stdin: bytes | None = None, stderr: int = subprocess.PIPE, **variables: str
    ) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "cli", *arguments]
        given = self.environment | variables
        return subprocess.run(
            command, cwd=self.cwd, env=given, input=stdin, stdout=subprocess.PIPE, stderr=stderr, check=False
        )


@pytest.fixture
def cli(settings: Settings, db: Db, tmp_path: Path) -> Cli:
    return Cli(settings, tmp_path)


class TestImport:
    def test_generated_gzip_twice(self, cli: Cli, tmp_path: Path) -> None:
        assert cli("generate", "--count", "300", "--seed", "3", "-o", "products.jsonl.gz").returncode == 0
        first = cli.summary("products.jsonl.gz")
        assert (first["created"], first["rejected"], first["lines"], first["rejects_file"]) == (300, 0, 300, None)
        assert first["seconds"] > 0
        assert first["rate"] > 0
        assert cli.summary("products.jsonl.gz")["unchanged"] == 300
        assert [path.name for path in tmp_path.iterdir()] == ["products.jsonl.gz"]

    def test_rejected_lines_and_their_file(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "products.jsonl").write_bytes(GOOD + b"\n" + BAD + b'{"sku": "\xff"}\n')
        done = cli("import", "products.jsonl")
        assert done.returncode == 1
        assert b"products.jsonl.rejects.jsonl" in done.stdout_bytes
        assert done.stderr_bytes == b""
        first, second = map(orjson.loads, (tmp_path / "products.jsonl.rejects.jsonl").read_bytes().splitlines())
        assert first == {
            "line": 3,
            "errors": [{"field": "price", "message": "must be 0 or more"}],
            "text": BAD.decode().strip(),
        }
        assert (second["line"], second["text"]) == (4, '{"sku": "\\xff"}')
        (tmp_path / "products.jsonl").write_bytes(GOOD)
        assert cli("import", "products.jsonl").returncode == 0
        assert not (tmp_path / "products.jsonl.rejects.jsonl").exists()

    @pytest.mark.process
    def test_standard_input_of_a_process(self, cli: Cli) -> None:
        done = cli.start("import", "-", "--json", stdin=gzip.compress(GOOD))
        assert orjson.loads(done.stdout)["created"] == 1

    def test_standard_input(self, cli: Cli, tmp_path: Path) -> None:
        assert cli.summary("-", stdin=gzip.compress(GOOD))["created"] == 1
        summary = cli.summary("-", stdin=GOOD + BAD)
        assert (summary["unchanged"], summary["rejected"]) == (1, 1)
        assert summary["rejects_file"] == "import.rejects.jsonl"
        assert (tmp_path / "import.rejects.jsonl").exists()

    def test_csv_by_name_and_by_option(self, cli: Cli, db: Db, tmp_path: Path) -> None:
        table = b"sku,name,price,attributes.color\nA-1,Lamp,9.90,red\nA-2,Desk,x,\n"
        (tmp_path / "products.csv.gz").write_bytes(gzip.compress(table))
        assert cli.summary("products.csv.gz", "--rejects", "bad.jsonl")["rejects_file"] == "bad.jsonl"
        assert orjson.loads((tmp_path / "bad.jsonl").read_bytes())["text"] == "A-2,Desk,x,"
        assert db.execute("SELECT attributes FROM products").fetchall() == [({"color": "red"},)]
        assert cli.summary("-", "--format", "csv", stdin=table)["unchanged"] == 1

    @pytest.mark.parametrize(
        "arguments",
        [["nowhere.jsonl"], ["."], ["in.jsonl", "--rejects", "no/r"], ["in.jsonl", "--rejects", "in.jsonl"]],
    )
    def test_wrong_usage(self, cli: Cli, tmp_path: Path, arguments: list[str]) -> None:
        (tmp_path / "in.jsonl").write_bytes(GOOD)
        done = cli("import", *arguments)
        assert (done.returncode, done.stdout_bytes) == (2, b"")
        assert b"Traceback" not in done.stderr_bytes
        assert (tmp_path / "in.jsonl").read_bytes() == GOOD

    def test_a_wrong_header_is_one_sentence(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("import", "-", "--format", "csv", stdin=b"sku,name\nA,a\n")
        assert (done.returncode, done.stdout_bytes) == (1, b"")
        assert done.stderr_bytes == b"header: the column 'price' is missing\n"
        assert not list(tmp_path.iterdir())

    def test_a_file_that_is_cut_short(self, cli: Cli, tmp_path: Path) -> None:
        packed = gzip.compress(GOOD + b"\n" * 1000 + os.urandom(50_000))
        (tmp_path / "products.gz").write_bytes(packed[:-30_000])
        done = cli("import", "products.gz", "--json")
        assert done.returncode == 1
        assert orjson.loads(done.stdout_bytes)["created"] == 1
        assert b"damaged or cut short" in done.stderr_bytes

    def test_no_database(self, cli: Cli, tmp_path: Path) -> None:
        cli.settings = cli.settings.model_copy(update={"database_url": "postgresql://catalog@127.0.0.1:1/none"})
        done = cli("import", "-", stdin=GOOD)
        assert (done.returncode, done.stdout_bytes) == (1, b"")
        assert b"does not answer" in done.stderr_bytes

    @pytest.mark.process
    def test_a_terminal_sees_progress(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "in.jsonl").write_bytes(GOOD)
        ours, theirs = pty.openpty()
        done = cli.start("import", "in.jsonl", "--json", stderr=theirs, TERM="xterm")
        assert done.returncode == 0
        assert orjson.loads(done.stdout)["created"] == 1
        assert b"importing" in os.read(ours, 10_000)
        os.close(theirs)
        os.close(ours)


class TestGenerate:
    def test_the_same_seed_gives_the_same_bytes(self, cli: Cli, tmp_path: Path) -> None:
        printed = cli("generate", "--count", "20", "--seed", "9").stdout_bytes
        assert printed.count(b"\n") == 20
        for name in ("a.jsonl", "a.jsonl.gz", "b.jsonl.gz"):
            assert cli("generate", "--count", "20", "--seed", "9", "-o", name).returncode == 0
        assert (tmp_path / "a.jsonl").read_bytes() == printed
        assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == printed
        assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()

    @pytest.mark.process
    def test_a_reader_that_stops_early(self, cli: Cli) -> None:
        script = f"{sys.executable} -m cli generate --count 5000 --seed 1 | head -n 1"
        done = subprocess.run(["sh", "-c", script], cwd=cli.cwd, env=cli.environment, capture_output=True, check=True)
        assert orjson.loads(done.stdout)["sku"]
        assert done.stderr == b""

    @pytest.mark.parametrize("arguments", [["--count", "-1"], ["--count", "1", "-o", "no/where.jsonl"]])
    def test_wrong_usage(self, cli: Cli, arguments: list[str]) -> None:
        done = cli("generate", *arguments)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr_bytes


def test_an_import_is_one_row_of_the_audit_log(cli: Cli, db: Db) -> None:
    cli("import", "-", stdin=GOOD + BAD)
    logged = db.execute("SELECT actor, action, after FROM audit_log").fetchall()
    assert logged == [("cli", "products.import", {"file": "-", "state": "done", "created": 1, "rejected": 1})]
