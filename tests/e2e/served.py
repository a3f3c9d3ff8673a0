"""The application behind a real HTTP server, in a thread of the test's own process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.protocol import bounded_protocol
from catalog.settings import Settings
from cli.run import LARGEST_LIVE_MESSAGE
from stack.ports import free_port
from tests.apps import create_app


@contextmanager
def served(settings: Settings, app: FastAPI | None = None) -> Iterator[str]:
    """The server's address, 'http://127.0.0.1:4711', with the bounds that `catalog serve` sets."""
    config = uvicorn.Config(
        app or create_app(settings),
        host="127.0.0.1",
        port=free_port(),
        log_config=None,
        access_log=False,
        http=bounded_protocol(settings),
        server_header=False,
        proxy_headers=False,
        ws_max_size=LARGEST_LIVE_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server has ended"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{config.port}"
    finally:
        server.should_exit = True
        thread.join()
