"""docs/reference/commands.md, made from the commands of `cli.main` and their options."""

import inspect
from enum import Enum
from typing import Any, get_args, get_type_hints

import typer

from cli.main import app

HEAD = """\
# Commands

<!-- Made by `make reference` from the package cli: change it there. -->

Without an activated environment the command is `.venv/bin/catalog`.
Every command has `--help`.

Exit code 0: done; 1: it failed, in one sentence on the standard error; 2: wrong usage.
Progress bars are drawn on a terminal only.
"""


def commands_page() -> str:
    """The Markdown of docs/reference/commands.md."""
    root = typer.main.get_command(app)
    parts = [HEAD]
    _describe(root, typer.Context(root, info_name="catalog"), parts)
    return "\n".join(parts)


def _describe(command: Any, context: Any, parts: list[str]) -> None:
    """Append the command's section to `parts`, or the sections of a group's commands."""
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    if context.parent is not None:
        parts.append(f"{'###' if context.parent.parent else '##'} {context.command_path}\n")
        parts.append(_sentences(command.help or ""))
        if not names:
            parts.append(_options(command, context))
    for name in names:
        child = command.get_command(context, name)
        if not child.hidden:
            _describe(child, typer.Context(child, info_name=name, parent=context), parts)


def _options(command: Any, context: Any) -> str:
    """The usage line, and a table of arguments and options where there are any."""
    shown = [option for option in command.get_params(context) if option.name != "help" and not option.hidden]
    hints = get_type_hints(inspect.unwrap(command.callback))
    arguments = [_argument(option) for option in shown if option.param_type_name == "argument"]
    usage = " ".join([context.command_path, *(["[OPTIONS]"] if len(arguments) < len(shown) else []), *arguments])
    text = f"```text\n{usage}\n```\n"
    if not shown:
        return text
    rows = [f"| {_name(option)} | {_default(option)} | {_help(option, hints)} |" for option in shown]
    return text + "\n| | Default | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _argument(option: Any) -> str:
    name = option.name.upper()
    name = f"{name}…" if option.nargs == -1 else name
    return name if option.required else f"[{name}]"


def _name(option: Any) -> str:
    if option.param_type_name == "argument":
        return f"`{option.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    return f"{names}, repeatable" if option.multiple else names


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if option.default in (None, False, (), []) or callable(option.default):
        return "–"
    return f"`{option.default.value if isinstance(option.default, Enum) else option.default}`"


def _help(option: Any, hints: dict[str, Any]) -> str:
    hint = hints.get(option.name)
    enum = next((kind for kind in (hint, *get_args(hint)) if isinstance(kind, type) and issubclass(kind, Enum)), None)
    choices = " or ".join(f"`{choice.value}`" for choice in enum) if enum else ""
    text = " ".join((option.help or "").split()).replace("|", "\\|")
    return " ".join(filter(None, [text, f"({choices})" if choices else ""]))


def _sentences(text: str) -> str:
    """The help text, one sentence a line."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(paragraph.replace(". ", ".\n") for paragraph in paragraphs if paragraph) + "\n"
