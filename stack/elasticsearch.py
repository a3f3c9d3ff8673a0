"""Elasticsearch as a single node on loopback."""

import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from stack.account import private_folder, server_account
from stack.elasticsearch_files import find_elasticsearch
from stack.errors import StackError, reason
from stack.java import find_java
from stack.ports import free_port
from stack.process import tree
from stack.server import Command, Server

USERNAME = "elastic"

CONFIGURATION = {
    "cluster.name": "catalog",
    "node.name": "catalog",
    "discovery.type": "single-node",
    "network.host": "127.0.0.1",
    # An index must never appear by accident with guessed mappings.
    "action.auto_create_index": False,
    "xpack.security.http.ssl.enabled": False,
    "xpack.security.transport.ssl.enabled": False,
}
# A test run on a nearly full disk must not meet a write block that it did not make itself.
EPHEMERAL_CONFIGURATION = {
    "cluster.routing.allocation.disk.threshold_enabled": False,
    "cluster.max_shards_per_node": 10_000,
}


class Elasticsearch(Server):
    name = "elasticsearch"
    title = "Elasticsearch"
    setting = "CATALOG_ELASTICSEARCH_URL"
    default_port = 9200
    ready_within = 180.0
    stop_signals = ((signal.SIGTERM, 30.0),)

    @property
    def url(self) -> str:
        return self.config.elasticsearch_url

    @property
    def secured(self) -> bool:
        return self.config.secure

    @property
    def pid(self) -> int | None:
        """The server's own JVM; the recorded process is the launcher above it, which ends with it."""
        launcher = super().pid
        processes = tree(launcher) if launcher else []
        return processes[-1].pid if processes else None

    def prepare(self) -> Command:
        home = find_elasticsearch(self.config.cache, self.report)
        folder = private_folder(self.folder)
        for name in ("conf", "data", "logs", "tmp"):
            private_folder(folder / name)
        self._write_configuration(home)
        environment = self._environment(find_java())
        if self.config.secure:
            self._store_password(home, environment)
        return Command(["/bin/bash", str(home / "bin" / "elasticsearch")], environment)

    def answers(self) -> bool:
        """Cluster health of at least yellow. Without the password of a secured server, any answer has to do."""
        password = self.config.elasticsearch_password
        connection = http.client.HTTPConnection("127.0.0.1", self.endpoint.port, timeout=5)
        headers = {}
        if password:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{USERNAME}:{password}".encode()).decode()
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s", headers=headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return status == 200 or (status == 401 and password is None)

    def finish(self) -> None:
        pass

    def _write_configuration(self, home: Path) -> None:
        conf = self.folder / "conf"
        settings = CONFIGURATION | (EPHEMERAL_CONFIGURATION if self.config.ephemeral else {})
        settings |= {
            "http.port": self.endpoint.port,
            "transport.port": free_port(),
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "xpack.security.enabled": self.config.secure,
        }
        account = server_account()
        for source in (home / "config").iterdir():
            shutil.copyfile(source, conf / source.name)
        # JSON values are YAML values, so nothing has to be quoted by hand.
        lines = "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())
        (conf / "elasticsearch.yml").write_text(lines)
        for path in conf.iterdir():
            if path.stat().st_uid != account.uid:
                os.chown(path, account.uid, account.gid)

    def _environment(self, java: Path) -> dict[str, str]:
        options = [f"-Xms{self.config.heap}", f"-Xmx{self.config.heap}", f"-XX:HeapDumpPath={self.folder / 'logs'}"]
        if self.config.fast_boot:
            # Only the quick compiler: a start in 9 s instead of 14, and slower code ever after.
            options.append("-XX:TieredStopAtLevel=1")
        scratch = str(self.folder / "tmp")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ES_JAVA_HOME": str(java),
            "ES_PATH_CONF": str(self.folder / "conf"),
            "ES_TMPDIR": scratch,
            "TMPDIR": scratch,
            "ES_JAVA_OPTS": " ".join(options),
            "CLI_JAVA_OPTS": f"-XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.io.tmpdir={scratch}",
        }

    def _store_password(self, home: Path, environment: dict[str, str]) -> None:
        if not self.config.elasticsearch_password:
            raise StackError("A secured Elasticsearch needs a password; set CATALOG_ELASTICSEARCH_PASSWORD.")
        stored = subprocess.run(
            ["/bin/bash", str(home / "bin" / "elasticsearch-cli"), "add", "--stdin", "--force", "bootstrap.password"],
            input=self.config.elasticsearch_password,
            env=environment | {"CLI_NAME": "keystore", "CLI_LIBS": "lib/tools/keystore-cli"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **server_account().identity,
        )
        if stored.returncode != 0:
            cause = reason(stored.stderr + stored.stdout)
            raise StackError(f"The Elasticsearch password could not be stored ({cause}); check the disk.")
