"""Kafka as a single broker on loopback, which is its own controller; for the tests of the Kafka extra."""

import os
import signal
import socket
import struct
import subprocess
from pathlib import Path

from stack.account import private_folder, server_account
from stack.cache import cached
from stack.download import Program, Report, maven_program
from stack.errors import StackError, reason
from stack.java import find_java
from stack.ports import free_port
from stack.server import Command, Server

VERSION = "4.1.1"
PROGRAM = Program(
    artifacts=(("org.apache.kafka", "kafka_2.13", VERSION), ("org.slf4j", "slf4j-nop", "1.7.36")),
    size=44_160_732,
    sha256="95f7499883467c42dae1f2afb27496eca13276224a3bfe86248cb4abb29e11ac",
)
# With Maven's own plugins, which are deleted afterwards.
DISK_BYTES = 200_000_000

CLUSTER_ID = "Y2F0YWxvZy1rYWZrYS0wMQ"
CONFIGURATION = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "num.partitions": 3,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
}
# Only the quick compiler, as for Elasticsearch.
JVM = ("-Xms256m", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
# ApiVersions, version 0, from the client "stack" (https://kafka.apache.org/protocol).
CORRELATION_ID = 7
API_VERSIONS = struct.pack(">hhih5s", 18, 0, CORRELATION_ID, 5, b"stack")


class Kafka(Server):
    name = "kafka"
    title = "Kafka"
    setting = "CATALOG_EVENTS_URL"
    default_port = 9092
    ready_within = 120.0
    stop_signals = ((signal.SIGTERM, 30.0),)

    @property
    def url(self) -> str:
        return self.config.kafka_url

    def prepare(self) -> Command:
        library = find_kafka(self.config.cache, self.report)
        folder = private_folder(self.folder)
        properties = self._write_configuration()
        java = [str(find_java() / "bin" / "java"), *JVM, "-cp", f"{library}/*"]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        if not (folder / "data" / "meta.properties").exists():
            self._format(java, properties, environment)
        return Command([*java, "kafka.Kafka", str(properties)], environment)

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.endpoint.port), timeout=2) as connection:
                connection.sendall(struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)
                # Length, correlation id, error code.
                return connection.recv(10, socket.MSG_WAITALL)[4:] == struct.pack(">ih", CORRELATION_ID, 0)
        except OSError:
            return False

    def finish(self) -> None:
        pass

    def _write_configuration(self) -> Path:
        broker, controller = f"127.0.0.1:{self.endpoint.port}", f"127.0.0.1:{free_port()}"
        settings = CONFIGURATION | {
            "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{broker}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.folder / "data"),
        }
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        return properties

    def _format(self, java: list[str], properties: Path, environment: dict[str, str]) -> None:
        answer = subprocess.run(
            [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **server_account().identity,
        )
        if answer.returncode != 0:
            why = reason(answer.stderr + answer.stdout)
            raise StackError(f"Kafka's data folder could not be made ({why}); check the disk.")


def find_kafka(cache: Path, report: Report) -> Path:
    """The folder of Kafka's jars; downloaded the first time."""
    return cached(
        cache,
        f"kafka-{VERSION}",
        DISK_BYTES,
        lambda scratch: maven_program(PROGRAM, f"Kafka {VERSION}", scratch, report),
    )
