"""Finds a Chromium for the tests of the shop page, or installs Debian's, or says what to install.

`python -m tests.browser.chromium` does so before the suite starts: its workers must not all install at once.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMED = "TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/snap/bin/chromium",
)
REMEDY = (
    "The tests of the shop page need a browser. Install Chromium (Debian and Ubuntu: apt-get install chromium), or "
    f"name one that you have: {NAMED}=/path/to/chromium."
)
_UPDATE = ("apt-get", "update", "--quiet")
_INSTALL = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium")
_PATIENCE = ("-o", "DPkg::Lock::Timeout=300")


class NoBrowser(Exception):
    """Raised with the remedy."""


def find() -> str | None:
    """The path of a browser: the one that is named, one of the machine's, or Playwright's own if it was downloaded."""
    named = os.environ.get(NAMED)
    if named:
        if not shutil.which(named):
            raise NoBrowser(f"{NAMED} names {named}, which is no program. {REMEDY}")
        return named
    found = next(filter(None, map(shutil.which, (*NAMES, *PLACES))), None)
    return found or next(map(str, _downloaded()), None)


def _downloaded() -> list[Path]:
    home = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return sorted(home.glob("chromium*/chrome-linux*/*[el][le]"), reverse=True)


def ensure() -> str:
    """The path of a browser, which is installed where that is possible. Raises NoBrowser."""
    found = find()
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoBrowser(REMEDY)
    print(
        "No browser was found for the tests of the shop page: installing Debian's chromium (about 100 MB).", flush=True
    )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (_UPDATE, _INSTALL):
        done = subprocess.run([*command, *_PATIENCE], env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise NoBrowser(f"`{' '.join(command)}` failed. {REMEDY}")
    found = find()
    if not found:
        raise NoBrowser(REMEDY)
    return found


if __name__ == "__main__":
    try:
        print(f"Browser: {ensure()}")
    except NoBrowser as missing:
        sys.exit(f"error: {missing}")
