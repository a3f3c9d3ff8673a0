"""The account that servers run as: Postgres and Elasticsearch refuse to run as root."""

import os
import pwd
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from stack.errors import StackError


class Identity(TypedDict, total=False):
    """Arguments of `subprocess` that change who the child is; empty when it stays who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The account under which a server runs."""

    name: str
    uid: int
    gid: int

    @property
    def identity(self) -> Identity:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@lru_cache
def server_account() -> Account:
    """`nobody` when we are root, otherwise ourselves."""
    name = "nobody" if os.geteuid() == 0 else None
    try:
        entry = pwd.getpwnam(name) if name else pwd.getpwuid(os.geteuid())
    except KeyError:
        if name is None:
            return Account(str(os.geteuid()), os.geteuid(), os.getegid())
        raise StackError(
            "Servers do not run as root and this machine has no account `nobody`; run as an ordinary user."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def private_folder(path: Path) -> Path:
    """A folder that only the server's account uses. Its parents must exist."""
    account = server_account()
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != account.uid:
        os.chown(path, account.uid, account.gid)
    return path


def shared_folder(path: Path) -> Path:
    """A folder of ours that the server's account can enter; raises StackError where it could not."""
    account = server_account()
    try:
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(
            f"The folder {path} cannot be made ({error.strerror}); "
            "set CATALOG_STACK_HOME and CATALOG_STACK_CACHE to folders that can be written."
        ) from None
    for folder in (path, *path.parents):
        status = folder.stat()
        if status.st_uid != account.uid and not status.st_mode & 0o001:
            raise StackError(
                f"The account {account.name}, which servers run as, cannot enter {folder}; "
                "set CATALOG_STACK_HOME and CATALOG_STACK_CACHE to folders below /var/lib and /var/cache."
            )
    return path
