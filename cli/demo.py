"""`catalog demo`: everything at once on this machine, with sample products, until Ctrl-C."""

import http.client
import json
import os
import secrets
import signal
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel

import stack
from catalog.connections import connect
from catalog.settings import Settings, get_settings
from cli.children import Children
from cli.stack import end_on_signals, kept_secret, stack_config
from stack.ports import require_free

PROCESSES = ("serve", "worker", "scheduler", "pump", "relay", "subscribers")
PRODUCTS = 2000
READY_WITHIN_SECONDS = 180


def demo() -> None:
    """Start the servers and the service with 2,000 sample products, print the addresses, stop all on Ctrl-C."""
    console = Console()
    settings = get_settings()
    require_free(settings.http_port, "the API", "CATALOG_HTTP_PORT")
    if settings.grpc_port:
        require_free(settings.grpc_port, "gRPC", "CATALOG_GRPC_PORT")
    end_on_signals()
    config = stack_config(settings)
    running: stack.Running | None = None
    children: Children | None = None
    try:
        with console.status("Starting the demonstration"):
            running = stack.start(config, lambda line: console.print(line, highlight=False))
            children = Children(config.home, _environment(settings, config.home))
            login = _fill(settings, children, console)
            console.print("Waiting until every product can be found")
            _wait_until_ready(settings, children)
        console.print(_addresses(settings, login, config.home))
        while True:
            children.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("\nStopping")
    finally:
        # A second Ctrl-C must not leave half of it running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if children is not None:
            children.stop()
        if running is not None:
            running.stop()


def _environment(settings: Settings, home: Path) -> dict[str, str]:
    environment = dict(os.environ)
    if settings.jwt_secret is None:
        environment["CATALOG_JWT_SECRET"] = kept_secret(home / "jwt.secret")
    return environment


def _fill(settings: Settings, children: Children, console: Console) -> tuple[str, str]:
    """Schema, processes, user and products; answers the user's e-mail and password."""
    console.print("Migrating the database")
    children.run("migrate")
    for name in PROCESSES:
        children.start(name)
    chosen = settings.admin_password
    email = settings.admin_email or "admin@example.com"
    password = chosen.get_secret_value() if chosen else secrets.token_urlsafe(12)
    children.run("user", "create", "--email", email, "--role", "admin", "--password-stdin", "--update", stdin=password)
    with connect(settings, "demo") as connection:
        filled = connection.execute("SELECT EXISTS (SELECT FROM products)").fetchone()
    if filled is None or not filled[0]:
        console.print(f"Importing {PRODUCTS:,} sample products", highlight=False)
        children.pipe(["generate", "--count", str(PRODUCTS), "--seed", "1"], ["import", "-"])
    return email, "(CATALOG_ADMIN_PASSWORD)" if chosen else password


def _wait_until_ready(settings: Settings, children: Children) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    code = 0
    health: dict[str, Any] = {}
    while time.monotonic() < deadline:
        children.check()
        code, health = _health(settings)
        if code == 200 and health.get("sync", {}).get("pending") == 0:
            return
        time.sleep(0.2)
    raise stack.StackError(
        f"The service was not ready after {READY_WITHIN_SECONDS} s (health answered {code}: {json.dumps(health)}); "
        "see the logs `demo-*.log` in the folder that `catalog status` names."
    )


def _health(settings: Settings) -> tuple[int, dict[str, Any]]:
    """(0, {}) while nothing listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", settings.http_port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()


def _addresses(settings: Settings, login: tuple[str, str], home: Path) -> Panel:
    base = f"http://127.0.0.1:{settings.http_port}"
    lines = (
        f"Shop           {base}/",
        f"API            {base}/api/v1",
        f"Documentation  {base}/docs",
        *([f"gRPC           127.0.0.1:{settings.grpc_port}"] if settings.grpc_port else []),
        f"Health         {base}/health/ready",
        f"Log-in         {login[0]}  {login[1]}",
        f"Logs           {home}",
    )
    return Panel.fit("\n".join(lines), title="Ready: Ctrl-C stops everything")
