"""The application for tests, which make one for nearly every test."""

from fastapi import FastAPI

from api import app as production
from catalog.settings import Settings

_first: list[FastAPI] = []


def create_app(settings: Settings, *, grpc: bool = False) -> FastAPI:
    """`api.app.create_app`, with the routes of the first application of this process.

    They are the same whatever the settings are and hold no state, but FastAPI reads the signatures of sixty endpoints
    anew for each application, at its first request: ten times as long as all else that making one takes.
    """
    app = production.create_app(settings, grpc=grpc)
    _first.append(app)
    del _first[1:]
    app.router.routes = _first[0].router.routes
    return app
