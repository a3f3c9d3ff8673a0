"""`catalog up`, `down` and `status`: the servers on a machine without a container engine."""

import json
import os
import secrets
import signal
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

import stack
from catalog.settings import Settings, get_settings

CHECKOUT = Path(__file__).resolve().parents[1]
STYLES = {"running": "green", "stopped": "dim", "crashed": "red", "not answering": "yellow"}


def stack_config(settings: Settings, *, secure: bool = False) -> stack.StackConfig:
    """What the settings say about the servers; a generated password is kept beside their data.

    Elasticsearch starts some seconds later than in the tests, because it may compile for speed.
    """
    home = settings.stack_home or stack.default_home(CHECKOUT)
    config = stack.StackConfig(
        home=home.resolve(),
        cache=(settings.stack_cache or stack.default_cache()).resolve(),
        postgres_url=settings.database_url,
        redis_url=settings.redis_url,
        elasticsearch_url=settings.elasticsearch_url,
        heap="1g",
        fast_boot=False,
    )
    if not secure:
        return config
    chosen = settings.elasticsearch_password
    password = chosen.get_secret_value() if chosen else kept_secret(config.home / "elasticsearch.password")
    return replace(config, secure=True, elasticsearch_password=password)


def kept_secret(path: Path) -> str:
    """The secret in this file, which only we can read; made the first time."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP do what Ctrl-C does, so that whatever was started is stopped. Ctrl-C itself is set too,
    because a shell starts background jobs with it ignored."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def up(
    secure: Annotated[bool, typer.Option("--secure", help="Elasticsearch with a user and a password.")] = False,
) -> None:
    """Start Postgres, Redis and Elasticsearch, or find them running."""
    end_on_signals()
    console = Console()
    settings = get_settings()
    config = stack_config(settings, secure=secure)
    with console.status("Starting the servers"):
        running = stack.start(config, lambda line: console.print(line, highlight=False))
    for server in running.servers:
        note = "" if server in running.started else " (was running)"
        console.print(f"[green]●[/] {server.title:14}{server.url}{note}", highlight=False)
    if secure and settings.elasticsearch_password is None:
        console.print("Set these for everything that uses this Elasticsearch:")
        console.print("CATALOG_ELASTICSEARCH_USERNAME=elastic", highlight=False)
        console.print(
            f"CATALOG_ELASTICSEARCH_PASSWORD={config.elasticsearch_password}", highlight=False, soft_wrap=True
        )


def down() -> None:
    """Stop the servers; their data stay."""
    console = Console()
    with console.status("Stopping the servers"):
        ended = stack.stop(stack_config(get_settings()))
    console.print(f"Stopped: {', '.join(ended)}" if ended else "Nothing was running.")


def status(as_json: Annotated[bool, typer.Option("--json", help="For a machine to read.")] = False) -> None:
    """Show the servers; exit code 1 unless all of them run."""
    states = stack.status(stack_config(get_settings()))
    if as_json:
        typer.echo(json.dumps([asdict(state) for state in states], default=str))
    else:
        console = Console(soft_wrap=True, highlight=False)
        for state in states:
            styled = f"[{STYLES[state.state]}]{state.state:14}[/]"
            process = f"  pid {state.pid}" if state.pid else ""
            console.print(f"{state.name:15}{styled}{state.url}{process}")
            if state.state in {"crashed", "not answering"}:
                console.print(f"{'':15}log: {state.log}")
    if any(state.state != "running" for state in states):
        raise typer.Exit(1)
