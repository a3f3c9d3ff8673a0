"""Which web pages may call the interface from a browser."""

import httpx
import pytest

from catalog.settings import Settings
from tests.e2e.helpers import NOBODY, PRODUCTS, assert_problem
from tests.e2e.limited import SOMEBODY, an_app, at

pytestmark = pytest.mark.usefixtures("db")

SHOP, OTHER = "https://shop.example.com", "https://evil.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


async def test_by_default_no_page_may(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"Origin": SHOP})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert_problem(await client.options(PRODUCTS, headers={"Origin": SHOP, **PREFLIGHT}), 405)


async def test_exactly_the_pages_of_the_setting_may(settings: Settings) -> None:
    async with an_app(settings, cors_origins=f"{SHOP}, http://localhost:3000") as app, at(app) as client:
        for origin, allowed in ((SHOP, SHOP), (OTHER, None), (f"{SHOP}.evil.example", None), ("null", None)):
            answer = await client.get("/health/live", headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers["vary"] == "Origin"


async def test_an_answer_without_an_origin_varies_as_well(settings: Settings) -> None:
    """A cache would otherwise show it to a page that needs the header."""
    async with an_app(settings, cors_origins=SHOP) as app, at(app) as client:
        assert (await client.get("/health/live")).headers["vary"] == "Origin"


async def test_a_page_may_ask_first(settings: Settings) -> None:
    async with an_app(settings, cors_origins=SHOP) as app, at(app) as client:
        answer = await client.options(PRODUCTS, headers={"Origin": SHOP, **PREFLIGHT})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        refused = await client.options(PRODUCTS, headers={"Origin": OTHER, **PREFLIGHT})
        assert_problem(refused, 403)
        assert "access-control-allow-origin" not in refused.headers


async def test_a_page_can_read_why_it_was_refused(settings: Settings) -> None:
    async with an_app(settings, cors_origins=SHOP, limits_per_address=1) as app, at(app, SOMEBODY) as client:
        await client.get(f"{PRODUCTS}/{NOBODY}")
        answer = await client.get(f"{PRODUCTS}/{NOBODY}", headers={"Origin": SHOP})
        assert_problem(answer, 429)
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
