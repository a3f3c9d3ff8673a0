"""Who may read the metrics: machines of one's own networks, and nobody through a proxy that is not trusted."""

import httpx
import pytest

from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.helpers import assert_problem


async def _asked(settings: Settings, peer: str, **headers: str) -> httpx.Response:
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(peer, 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        return await client.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:192.168.1.1", "fd00::1"])
async def test_private_networks_may(settings: Settings, peer: str) -> None:
    answer = await _asked(settings, peer)
    assert answer.status_code == 200
    assert "catalog_postgres_up" in answer.text


@pytest.mark.parametrize("peer", ["203.0.113.7", "2001:db8::1", "not an address"])
async def test_others_may_not(settings: Settings, peer: str) -> None:
    problem = assert_problem(await _asked(settings, peer), 403)
    assert "CATALOG_METRICS_NETWORKS" in problem["detail"]


async def test_nobody_may_through_a_proxy_that_is_not_trusted(settings: Settings) -> None:
    """It stands in a private network itself, and so does whoever claims to."""
    assert_problem(await _asked(settings, "10.0.0.1", x_forwarded_for="203.0.113.7"), 403)
    assert_problem(await _asked(settings, "10.0.0.1", x_forwarded_for="127.0.0.1"), 403)


async def test_a_trusted_proxy_says_who_it_is(settings: Settings) -> None:
    trusting = settings.model_copy(update={"trusted_proxies": "10.0.0.0/8"})
    assert_problem(await _asked(trusting, "10.0.0.1", x_forwarded_for="127.0.0.1, 203.0.113.7"), 403)
    assert (await _asked(trusting, "10.0.0.1", x_forwarded_for="192.168.0.7")).status_code == 200


async def test_the_networks_are_a_setting(settings: Settings) -> None:
    chosen = settings.model_copy(update={"metrics_networks": "203.0.113.0/24"})
    assert (await _asked(chosen, "203.0.113.7")).status_code == 200
    assert_problem(await _asked(chosen, "127.0.0.1"), 403)
