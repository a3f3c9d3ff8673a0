"""`catalog user`: people and programs that may sign in."""

import asyncio
import sys
from typing import Annotated

import typer
from rich.console import Console

from catalog.database import Database, make_engine
from catalog.errors import Conflict, InvalidInput
from catalog.services import users
from catalog.services.passwords import MAX_PASSWORD, MIN_PASSWORD, hash_password
from catalog.settings import Settings, get_settings

user = typer.Typer(no_args_is_help=True, add_completion=False, help="Users and their roles.")
console = Console(stderr=True)


@user.callback()
def _group() -> None:
    """Users and their roles."""


@user.command()
def create(
    email: Annotated[str, typer.Option(help="the address to sign in with")],
    role: Annotated[str, typer.Option(help="admin, editor, merchandiser, analyst or storefront")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="read the password from stdin")] = False,
    update: Annotated[bool, typer.Option("--update", help="give an existing user this role and password")] = False,
) -> None:
    """Create a user. The password is asked for, or read from stdin."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask()
    outcome = create_user(get_settings(), email, role, password, update=update)
    console.print(f"{outcome} {role} {email}", markup=False, highlight=False)


def create_user(settings: Settings, email: str, role: str, password: str, *, update: bool = False) -> str:
    """'created' or 'updated'. Raises InvalidInput, and Conflict when the user exists and `update` is not set."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidInput.of("password", f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    try:
        return asyncio.run(_create(settings, email, role, hash_password(password), update))
    except Conflict as error:
        raise Conflict(f"{error.detail} Add --update to change the role and the password.") from None


async def _create(settings: Settings, email: str, role: str, password_hash: str, update: bool) -> str:
    engine = make_engine(settings)
    try:
        return await Database(engine).run(users.create, email, role, password_hash, update=update)
    finally:
        await engine.dispose()


def _ask() -> str:
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
