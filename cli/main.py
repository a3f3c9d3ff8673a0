"""The `catalog` command. A command's module is imported when it is called, so that a quick one stays quick."""

from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from catalog.errors import CatalogError
from catalog.logs import configure_process_logs
from catalog.settings import get_settings
from stack import StackError

COMMANDS = {
    "up": "cli.stack:up",
    "down": "cli.stack:down",
    "status": "cli.stack:status",
    "demo": "cli.demo:demo",
    "migrate": "cli.run:migrate",
    "serve": "cli.run:serve",
    "worker": "cli.run:worker",
    "scheduler": "cli.run:scheduler",
    "pump": "cli.run:pump",
    "relay": "cli.events:relay",
    "subscribers": "cli.events:subscribers",
    "events": "cli.events:events",
    "import": "cli.data:import_products",
    "generate": "cli.data:generate",
    "reindex": "cli.reindex:reindex",
    "rollback": "cli.index:rollback",
    "reconcile": "cli.index:reconcile",
    "sync": "cli.index:sync",
    "evaluate": "cli.evaluate:evaluate",
    "bench": "cli.bench:bench",
    "quarantine": "cli.quarantine:quarantine",
    "user": "cli.users:user",
    "apikey": "cli.api_keys:apikey",
}


class Commands(TyperGroup):
    """Finds commands in the table above and says the project's own errors in one sentence, with exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        target = getattr(import_module(module), name)
        if isinstance(target, typer.Typer):
            group = target
        else:
            group = typer.Typer(add_completion=False)
            group.command(cmd_name)(target)
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            configure_process_logs(get_settings())
            return super().invoke(ctx)
        except (CatalogError, StackError) as error:
            raise _said(str(error)) from None
        except Exception as error:
            known = import_module("cli.failures").sentence(error)
            if known is None:
                raise
            raise _said(known) from None


def _said(sentence: str) -> typer.Exit:
    """Print one sentence on stderr; the exit to raise."""
    Console(stderr=True, soft_wrap=True).print(sentence, style="red", markup=False, highlight=False)
    return typer.Exit(1)


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)


@app.callback()
def catalog() -> None:
    """The product catalogue and its search: servers, processes, data and index."""
