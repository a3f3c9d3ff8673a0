"""The real servers that `stack` starts: found again, cleaned up, stopped, and gone with the run that wanted them."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

import stack
from stack.control import start
from stack.ephemeral import Ephemeral
from stack.process import Record, started_at

pytestmark = pytest.mark.process

QUICK = ("postgres", "redis")
CHECKOUT = Path(__file__).parents[2]


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def servers() -> Iterator[Ephemeral]:
    with stack.ephemeral(servers=QUICK) as running:
        yield running


def test_the_database_of_the_url_exists_and_keeps_its_data_over_a_stop(servers: Ephemeral) -> None:
    with psycopg.connect(servers.config.postgres_url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    servers.postgres.stop()
    assert servers.postgres.pid is None
    assert servers.postgres.start() is True
    with psycopg.connect(servers.config.postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_second_start_finds_the_first_and_leaves_it_running(servers: Ephemeral) -> None:
    pids = {server.name: server.pid for server in servers.servers.values()}
    again = start(servers.config, silent, QUICK)
    assert again.started == ()
    assert {server.name: server.pid for server in again.servers} == pids
    again.stop()
    assert {state.name: state.state for state in stack.status(servers.config)} == {
        "postgres": "running",
        "redis": "running",
        "elasticsearch": "stopped",
    }


@pytest.mark.parametrize("name", QUICK)
def test_a_crashed_server_is_cleaned_up_and_started_again(servers: Ephemeral, name: str) -> None:
    server = servers.servers[name]
    before = server.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.status().state != "crashed":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert server.start() is True
    assert server.pid not in {None, before}


def test_a_recorded_pid_that_belongs_to_another_process_now_is_left_alone(servers: Ephemeral) -> None:
    servers.redis.stop()
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with bystander:
        record = Record(bystander.pid, "another boot/1", servers.redis.endpoint.port)
        record.write(servers.config.home / "redis.json")
        assert servers.redis.start() is True
        assert servers.redis.pid != bystander.pid
        servers.redis.stop()
        assert bystander.poll() is None
    servers.redis.start()


def test_a_paused_server_accepts_and_does_not_answer_until_it_is_resumed(servers: Ephemeral) -> None:
    client = redis.Redis.from_url(servers.config.redis_url, socket_timeout=0.2, retry=None)
    servers.redis.pause()
    with pytest.raises(redis.TimeoutError):
        client.ping()
    servers.redis.resume()
    client.close()
    assert client.ping()
    client.close()


def test_redis_never_evicts(servers: Ephemeral) -> None:
    with redis.Redis.from_url(servers.config.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_taken_port_is_one_sentence_that_names_the_setting(servers: Ephemeral) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = replace(servers.config, home=servers.config.home / "other", redis_url=f"redis://127.0.0.1:{port}/0")
        with pytest.raises(stack.StackError) as caught:
            start(config, silent, ["redis"])
    assert str(port) in str(caught.value)
    assert "CATALOG_REDIS_URL" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_ends_while_starting_is_reported_with_its_log(servers: Ephemeral) -> None:
    config = replace(servers.config, home=servers.config.home / "broken", redis_url="redis://127.0.0.1:20000/0")
    config.home.mkdir()
    (config.home / "redis").mkdir(mode=0o755)
    (config.home / "redis" / "dump.rdb").write_bytes(b"this is no dump")
    with pytest.raises(stack.StackError, match="ended while it was starting"):
        start(config, silent, ["redis"])


PARENT = """
import sys, time, stack
with stack.ephemeral(servers=["postgres", "redis"]) as running:
    print(running.config.home, *(server.pid for server in running.servers.values()), flush=True)
    time.sleep(600)
"""


def test_servers_of_a_killed_test_run_end_and_leave_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        home, *pids = parent.stdout.readline().split()
        parent.kill()
    deadline = time.monotonic() + 15
    while Path(home).exists() or any(started_at(int(pid)) for pid in pids):
        assert time.monotonic() < deadline, "servers outlived the run that started them"
        time.sleep(0.05)


def test_elasticsearch_with_security_refuses_strangers_and_accidental_indices() -> None:
    with stack.ephemeral(servers=["elasticsearch"], secure=True) as running:
        password = running.config.elasticsearch_password
        token = base64.b64encode(f"elastic:{password}".encode()).decode()
        assert _request(running, "GET", "/", {})[0] == 401
        status, body = _request(running, "GET", "/", {"Authorization": f"Basic {token}"})
        assert (status, body["version"]["number"]) == (200, "9.4.3")
        status, body = _request(running, "PUT", "/accident/_doc/1", {"Authorization": f"Basic {token}"})
        assert (status, body["error"]["type"]) == (404, "index_not_found_exception")
        before = running.elasticsearch.pid
        assert running.elasticsearch.kill() is True
        assert started_at(before or 0) is None


def _request(
    running: Ephemeral, method: str, path: str, headers: dict[str, str]
) -> tuple[int, dict[str, dict[str, str]]]:
    connection = http.client.HTTPConnection("127.0.0.1", running.elasticsearch.endpoint.port, timeout=30)
    connection.request(method, path, "{}" if method == "PUT" else None, headers | {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body
