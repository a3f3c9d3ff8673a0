"""Named points at which a test can have this process killed, to prove that being killed there loses nothing."""

import os
import signal

from catalog.settings import Settings


def failpoint(settings: Settings, name: str) -> None:
    """Kill this process with SIGKILL when `CATALOG_FAILPOINT` names this point."""
    if settings.failpoint == name:
        os.kill(os.getpid(), signal.SIGKILL)
