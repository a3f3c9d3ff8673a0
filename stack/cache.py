"""The folder of downloaded servers: each is made once, complete or not at all, also when two processes want it."""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from stack.account import shared_folder
from stack.errors import StackError


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an advisory lock; the kernel lets go of it even when the process is killed."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def cached(cache: Path, name: str, needed_bytes: int, build: Callable[[Path], Path]) -> Path:
    """The folder `name` below the cache. Where it is missing, `build` is given an empty scratch folder on the same
    disk and returns the folder inside it that is moved into place. Raises StackError when the disk is too full."""
    target = shared_folder(cache) / name
    if target.exists():
        return target
    with locked(cache / f"{name}.lock"):
        if target.exists():
            return target
        _require_space(cache, needed_bytes)
        scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
        try:
            made = build(scratch)
            _readable_by_all(made)
            made.rename(target)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _full(cache, needed_bytes) from None
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


def _require_space(cache: Path, needed_bytes: int) -> None:
    if shutil.disk_usage(cache).free < needed_bytes:
        raise _full(cache, needed_bytes)


def _full(cache: Path, needed_bytes: int) -> StackError:
    return StackError(
        f"The disk of {cache} has less than the {needed_bytes // 1_000_000} MB free that are needed; "
        "free some, or set CATALOG_STACK_CACHE to a folder on another disk."
    )


def _readable_by_all(root: Path) -> None:
    # A strict umask would otherwise hide the files from the account that runs the servers.
    root.chmod(0o755)
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))
