"""Budgets over HTTP: who spends which, what is told, and what holds when Redis is away."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from api.limits import Limiter, counters
from catalog.errors import TooManyRequests
from catalog.principals import ANYBODY, Principal
from catalog.services import tokens
from catalog.settings import Settings
from stack import ephemeral
from tests.e2e.conftest import PASSWORD, SignedIn
from tests.e2e.helpers import NOBODY, PRODUCTS, assert_problem
from tests.e2e.limited import ANOTHER, PROXY, SOMEBODY, an_app, at, budget

pytestmark = pytest.mark.usefixtures("db")

TOKEN = "/api/v1/auth/token"
ANYWHERE = "0.0.0.0/0"


async def _spend(client: httpx.AsyncClient, times: int) -> list[int]:
    return [(await client.get(f"{PRODUCTS}/{NOBODY}")).status_code for _ in range(times)]


async def test_whoever_has_spent_the_budget_is_told_when_to_come_back(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=10) as app, at(app) as client:
        assert await _spend(client, 10) == [404] * 10
        answer = await client.get(f"{PRODUCTS}/{NOBODY}")
        problem = assert_problem(answer, 429)
        assert "10 units a minute" in problem["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 120
        assert answer.headers["ratelimit-policy"] == '"address";q=10;w=60'
        assert budget(answer) == {"r": 0, "t": int(answer.headers["retry-after"])}


async def test_every_answer_tells_what_is_left(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=10) as app, at(app) as client:
        first, second = [await client.get(f"{PRODUCTS}/{NOBODY}") for _ in range(2)]
        assert first.headers["ratelimit-policy"] == '"address";q=10;w=60'
        assert [budget(answer)["r"] for answer in (first, second)] == [9, 8]
        assert 1 <= budget(first)["t"] <= 60


async def test_what_costs_more_takes_more(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=100) as app, at(app) as client:
        left = [
            budget(await client.request(method, path))["r"]
            for method, path in (
                ("GET", "/api/v1/autocomplete?q=a"),
                ("GET", "/api/v1/search?facets=none"),
                ("GET", "/api/v1/search"),
                ("POST", PRODUCTS),
                ("POST", f"{PRODUCTS}/bulk"),
            )
        ]
        assert left == [99, 97, 93, 88, 38]


async def test_addresses_have_budgets_of_their_own(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=2) as app, at(app) as one, at(app, ANOTHER) as other:
        assert await _spend(one, 3) == [404, 404, 429]
        assert await _spend(other, 2) == [404, 404]


async def test_the_addresses_of_one_ipv6_network_share_a_budget(settings: Settings) -> None:
    async with (
        an_app(settings, limits_per_address=2) as app,
        at(app, "2001:db8:1:2::1") as one,
        at(app, "2001:db8:1:2:ffff::9") as same,
        at(app, "2001:db8:1:3::1") as other,
    ):
        assert await _spend(one, 2) == [404, 404]
        assert await _spend(same, 1) == [429]
        assert await _spend(other, 1) == [404]


async def test_a_forwarded_address_is_believed_of_a_trusted_proxy_alone(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=2, trusted_proxies=f"{PROXY}/32") as app:
        for number in range(3):  # each claims to be somebody else
            async with at(app, SOMEBODY, **{"X-Forwarded-For": f"198.51.100.{number}"}) as liar:
                assert await _spend(liar, 1) == [404 if number < 2 else 429]
        for number in range(3):
            async with at(app, PROXY, **{"X-Forwarded-For": f"6.6.6.6, 198.51.100.{number}"}) as client:
                assert await _spend(client, 1) == [404]


async def test_all_processes_count_together(settings: Settings) -> None:
    async with (
        an_app(settings, limits_per_address=4) as one,
        an_app(settings, limits_per_address=4) as other,
        at(one) as first,
        at(other) as second,
    ):
        assert await _spend(first, 3) == [404] * 3
        assert await _spend(second, 2) == [404, 429]


async def test_a_hundred_at_once_get_exactly_the_budget(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a slow machine a hundred new connections take a while; then this process would count for itself besides.
    monkeypatch.setattr(counters, "TIMEOUT_SECONDS", 10)
    async with an_app(settings, limits_per_address=30) as app, at(app) as client:
        answers = await asyncio.gather(*(client.get(f"{PRODUCTS}/{NOBODY}") for _ in range(100)))
        assert sorted({answer.status_code for answer in answers}) == [404, 429]
        # Whoever is refused at that moment gives its unit back a moment later, so that it may be a few less.
        assert 25 <= sum(answer.status_code == 404 for answer in answers) <= 30


async def test_a_user_has_a_budget_wherever_it_calls_from(settings: Settings, db: psycopg.Connection[Any]) -> None:
    user = db.execute("INSERT INTO users (email, password_hash, role) VALUES ('a@b', 'x', 'analyst') RETURNING id")
    (user_id,) = user.fetchone() or (uuid4(),)
    token = f"Bearer {tokens.issue(settings, user_id, 'analyst')}"
    async with (
        an_app(settings, limits_per_principal=3, limits_per_address=1) as app,
        at(app, SOMEBODY, Authorization=token) as one,
        at(app, ANOTHER, Authorization=token) as other,
    ):
        assert await _spend(one, 2) == [404, 404]
        assert await _spend(other, 2) == [404, 429]
        answer = await other.get(f"{PRODUCTS}/{NOBODY}")
        assert answer.headers["ratelimit-policy"] == '"principal";q=3;w=60'


async def test_a_credential_that_does_not_hold_is_paid_by_the_address(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=2) as app, at(app, Authorization="Bearer nonsense") as client:
        statuses = [(await client.post(PRODUCTS, json={})).status_code for _ in range(2)]
        assert statuses == [401, 429]


async def test_whoever_connects_from_an_exempt_network_has_no_budget(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=1) as app:
        for address in ("127.0.0.1", "::1", "172.18.0.1"):
            async with at(app, address) as client:
                answer = await client.get(f"{PRODUCTS}/{NOBODY}")
                assert await _spend(client, 3) == [404] * 3
                assert "ratelimit" not in answer.headers


async def test_a_proxy_next_door_is_not_exempt(settings: Settings) -> None:
    forwarded = {"X-Forwarded-For": ANOTHER}
    async with an_app(settings, limits_per_address=1) as app, at(app, "127.0.0.1", **forwarded) as client:
        assert await _spend(client, 2) == [404, 429]


async def test_health_and_metrics_are_never_refused(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=1, metrics_networks=ANYWHERE) as app, at(app) as client:
        assert await _spend(client, 2) == [404, 429]
        for path in ("/health/live", "/metrics"):
            assert [(await client.get(path)).status_code for _ in range(3)] == [200] * 3


async def test_limits_can_be_turned_off(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=1, limits_enabled=False) as app, at(app) as client:
        assert await _spend(client, 5) == [404] * 5


async def test_refusals_are_counted(settings: Settings) -> None:
    async with an_app(settings, limits_per_address=1, metrics_networks=ANYWHERE) as app, at(app) as client:
        assert await _spend(client, 3) == [404, 429, 429]
        told = (await client.get("/metrics")).text
        assert 'catalog_rate_limited_total{kind="read",policy="address"} 2.0' in told


async def test_a_key_spends_at_its_own_rate_also_from_an_exempt_network(settings: Settings) -> None:
    limiter = Limiter(settings)
    here, key = limiter.address("127.0.0.1"), Principal("key:1", rate=2)
    try:
        decisions = [await limiter.spend(key, here, 1, "search") for _ in range(2)]
        assert [(one.limit, one.remaining) for one in decisions] == [(2, 1), (2, 0)]
        with pytest.raises(TooManyRequests) as refused:
            await limiter.spend(key, here, 1, "search")
        assert refused.value.retry_after >= 1
        assert (await limiter.spend(ANYBODY, here, 1, "search")).limit == 0
    finally:
        await limiter.close()


async def _log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> int:
    return (await client.post(TOKEN, data={"username": email, "password": password})).status_code


@pytest.fixture
async def somebodys_account(signed_in: SignedIn) -> str:
    async with signed_in("editor"):
        return "editor@example.com"


async def test_an_account_is_guessed_at_so_often_and_no_oftener(settings: Settings, somebodys_account: str) -> None:
    async with an_app(settings, limits_login_per_account=3) as app:
        for number in range(3):
            async with at(app, f"203.0.113.{number}") as client:
                assert await _log_in(client, somebodys_account, "wrong") == 401
        async with at(app, "203.0.113.99") as client:
            answer = await client.post(TOKEN, data={"username": somebodys_account.upper(), "password": PASSWORD})
            assert_problem(answer, 429)
            assert answer.headers["ratelimit-policy"].startswith('"login-account";q=3;w=60')
            assert await _log_in(client, "another@example.com", "wrong") == 401


async def test_an_account_that_is_none_is_limited_like_one_that_is(settings: Settings) -> None:
    async with an_app(settings, limits_login_per_account=2) as app, at(app) as client:
        assert [await _log_in(client, "no@body", "x") for _ in range(3)] == [401, 401, 429]


async def test_one_address_guesses_at_many_accounts_so_often_and_no_oftener(settings: Settings) -> None:
    async with an_app(settings, limits_login_per_address=3) as app, at(app, "127.0.0.1") as client:
        assert [await _log_in(client, f"{n}@example.com", "x") for n in range(4)] == [401, 401, 401, 429]


async def test_log_ins_that_succeed_add_up_to_nothing(settings: Settings, somebodys_account: str) -> None:
    async with an_app(settings, limits_login_per_account=2, limits_login_per_address=2) as app, at(app) as client:
        assert [await _log_in(client, somebodys_account) for _ in range(5)] == [200] * 5
        assert [await _log_in(client, somebodys_account, "x") for _ in range(3)] == [401, 401, 429]


@pytest.mark.process
async def test_without_redis_each_process_counts_for_itself_and_comes_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.limits.counters.PAUSE_SECONDS", 0.0)
    with ephemeral(servers=["redis"], in_memory=True) as servers:
        changes = {"redis_url": servers.redis_url, "limits_per_address": 5, "metrics_networks": ANYWHERE}
        async with an_app(settings, **changes) as app, at(app) as client:
            assert await _spend(client, 3) == [404] * 3
            servers.redis.stop()
            assert await _spend(client, 6) == [404] * 5 + [429], "a budget of this process, from its beginning"
            async with at(app, ANOTHER) as other:
                assert [await _log_in(other, "no@body", "x") for _ in range(2)] == [401, 429]
            assert "catalog_rate_limits_shared 0.0" in (await client.get("/metrics")).text
            servers.redis.start()
            async with at(app, PROXY) as other:
                assert await _spend(other, 2) == [404, 404]
            assert "catalog_rate_limits_shared 1.0" in (await client.get("/metrics")).text


async def test_the_scope_tells_other_doors_who_and_from_where(settings: Settings) -> None:
    seen: list[Any] = []
    async with an_app(settings) as app:

        async def spying(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope)
            await app(scope, receive, send)

        transport = httpx.ASGITransport(app=spying, client=(SOMEBODY, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get(f"{PRODUCTS}/{NOBODY}")
    (scope,) = seen
    assert (scope["client_address"].text, scope["rate_limit"].policy) == (SOMEBODY, "address")


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("path", "body", "cost"),
    [
        ("/api/v1/search", {"q": "a", "page": 100, "per_page": 100}, 13),
        ("/api/v1/search/multi", {"searches": [{"q": "a"}] * 20}, 80),
        ("/api/v1/instantsearch", [{"indexName": "products", "params": {"facets": ["brand"]}}] * 20, 80),
    ],
)
async def test_searches_in_a_body_pay_for_what_they_ask(settings: Settings, path: str, body: Any, cost: int) -> None:
    async with an_app(settings, limits_per_address=100) as app, at(app) as client:
        answer = await client.post(path, json=body)
        assert (answer.status_code, budget(answer)["r"]) == (200, 100 - cost)
    async with an_app(settings, limits_per_address=cost - 1) as app, at(app, ANOTHER) as client:
        assert_problem(await client.post(path, json=body), 429)
