"""Ports on loopback."""

import random
import socket

from stack.errors import StackError

# Below the range that the kernel hands out for outgoing connections, so that a server which is stopped and started
# again finds its port still free.
PORT_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def require_free(port: int, name: str, setting: str) -> None:
    if not is_free(port):
        raise StackError(
            f"Port {port}, wanted for {name}, is taken by another program; "
            f"stop that program or write another port in {setting}."
        )


def free_port() -> int:
    """A random one, because two test runs that start together must not choose alike."""
    for port in random.sample(PORT_RANGE, 200):
        if is_free(port):
            return port
    raise StackError("No free port was found on 127.0.0.1; stop programs that hold ports 20000 to 31999.")
