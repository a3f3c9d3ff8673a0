"""Live updates: who may open a socket, what ends it, and with which code."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus

from api.limits.costs import READ
from catalog.services import tokens
from catalog.settings import Settings
from tests.e2e.live_socket import published, socket
from tests.e2e.served import served
from tests.support import store
from workers.relay import Relay

Db = psycopg.Connection[Any]
ANY = "0b2f7c1e-8f3d-4a57-9d1c-3f5e8a6b7c90"


@pytest.fixture
async def relay(settings: Settings, db: Db) -> AsyncIterator[Relay]:
    relay = Relay(settings)
    yield relay
    await relay.close()


def token_of(settings: Settings, db: Db, role: str) -> str:
    row = db.execute(
        "INSERT INTO users (email, password_hash, role) VALUES (%s, '', %s) RETURNING id", [f"{role}@x.org", role]
    ).fetchone()
    assert row is not None
    return tokens.issue(settings, UUID(str(row[0])), role)


async def none_open(address: str) -> None:
    """Wait until the server has let go of every socket."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client, asyncio.timeout(60):
        while "catalog_live_sockets 0.0" not in (await client.get("/metrics")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", '"x"', "[" * 5000, '{"type":"subscribe"}', '{"type":"other","ids":[]}',
     '{"type":"subscribe","ids":[]}', '{"type":"subscribe","ids":["42"]}', '{"type":"subscribe","ids":[],"search":{}}',
     f'{{"type":"subscribe","ids":["{ANY}"],"from":-1}}', f'{{"type":"subscribe","ids":["{ANY}"],"from":"1"}}',
     f'{{"type":"subscribe","ids":["{ANY}"],"other":1}}', '{"type":"subscribe","search":{"nonsense":"1"}}', b"\x00"],
)  # fmt: skip
async def test_a_first_message_that_is_none_is_closed_with_4400(settings: Settings, db: Db, message: Any) -> None:
    with served(settings) as address:
        async with socket(address) as live:
            await live.connection.send(message)
            code, last = await live.end()
    assert (code, last["type"], last["code"]) == (4400, "error", 4400)
    assert last["errors"]


async def test_too_many_ids_and_too_large_a_message_are_refused(settings: Settings, db: Db) -> None:
    with served(settings.model_copy(update={"live_max_products": 2})) as address:
        async with socket(address) as live:
            await live.say(type="subscribe", ids=[ANY, ANY, ANY])
            assert (await live.end())[0] == 4400
        async with socket(address) as live:
            await live.connection.send("x" * 100_000)
            assert (await live.end())[0] == 1009


async def test_who_does_not_subscribe_in_time_is_closed_with_4408(settings: Settings, db: Db) -> None:
    with served(settings.model_copy(update={"live_subscribe_seconds": 0.2})) as address:
        async with socket(address) as live:
            assert (await live.end())[0] == 4408


async def test_a_second_message_is_closed_with_4400(settings: Settings, db: Db) -> None:
    with served(settings) as address:
        async with socket(address) as live:
            await live.subscribe(ids=[ANY])
            await live.say(type="subscribe", ids=[ANY])
            assert (await live.end())[0] == 4400


async def test_without_public_search_a_credential_is_needed(settings: Settings, db: Db) -> None:
    token = token_of(settings, db, "storefront")
    with served(settings.model_copy(update={"public_search": False})) as address:
        async with socket(address) as live:
            await live.say(type="subscribe", ids=[ANY])
            assert (await live.end())[0] == 4401
        async with socket(address) as live:
            assert (await live.subscribe(ids=[ANY], token=token))["type"] == "subscribed"
        async with socket(address, additional_headers={"Authorization": f"Bearer {token}"}) as live:
            assert (await live.subscribe(ids=[ANY]))["type"] == "subscribed"


async def test_a_bad_token_is_closed_with_4401_and_not_repeated(settings: Settings, db: Db) -> None:
    with served(settings) as address:
        async with socket(address) as live:
            await live.say(type="subscribe", ids=[ANY], token="forged.token.here")
            code, last = await live.end()
    assert code == 4401
    assert "forged" not in str(last)


async def test_who_guesses_credentials_pays_with_the_address(settings: Settings, db: Db) -> None:
    limited = settings.model_copy(update={"limits_per_address": 2 * READ, "limits_exempt_networks": ""})
    codes = []
    with served(limited) as address:
        for message in ({"ids": [ANY], "token": "ck_no.such"}, {"ids": 7}, {"ids": [ANY], "token": "ck_other.key"}):
            async with socket(address) as live:
                await live.say(type="subscribe", **message)
                codes.append((await live.end())[0])
    assert codes == [4401, 4400, 4429]


async def test_pages_of_other_origins_are_refused(settings: Settings, db: Db) -> None:
    with served(settings.model_copy(update={"cors_origins": "https://shop.example"})) as address:
        for origin in (address, "https://shop.example"):
            async with socket(address, origin=origin) as live:
                assert (await live.subscribe(ids=[ANY]))["type"] == "subscribed"
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://[x"):
            with pytest.raises(InvalidStatus) as refused:
                async with socket(address, origin=origin):
                    pass
            assert refused.value.response.status_code == 403


async def test_one_socket_too_many_is_closed_with_4429_and_its_place_comes_free(settings: Settings, db: Db) -> None:
    limited = settings.model_copy(update={"live_max_sockets_per_client": 1, "limits_exempt_networks": ""})
    with served(limited) as address:
        async with socket(address) as live:
            await live.subscribe(ids=[ANY])
            async with socket(address) as second:
                code, last = await second.end()
            assert (code, last["retry_after"]) == (4429, 5)
        await none_open(address)
        async with socket(address) as live:
            assert (await live.subscribe(ids=[ANY]))["type"] == "subscribed"


async def test_a_process_has_a_limit_too(settings: Settings, db: Db) -> None:
    with served(settings.model_copy(update={"live_max_sockets": 1})) as address:
        async with socket(address) as live:
            await live.subscribe(ids=[ANY])
            async with socket(address) as second:
                assert (await second.end())[0] == 4429


async def test_editors_are_told_of_no_draft_either(settings: Settings, db: Db, relay: Relay) -> None:
    ids = store(settings, [{"sku": "draft", "status": "draft"}, {"sku": "shown"}])
    await published(relay)
    with served(settings) as address:
        async with socket(address) as live:
            asked = [str(held) for held in ids.values()]
            answer = await live.subscribe(ids=asked, token=token_of(settings, db, "admin"))
            db.execute("UPDATE products SET price = 5 WHERE sku = 'draft'")
            db.execute("UPDATE products SET price = 5 WHERE sku = 'shown'")
            await published(relay)
            assert (await live.told())["id"] == str(ids["shown"])
    assert answer["missing"] == [str(ids["draft"])]


async def test_what_forced_filters_hide_is_told_of_as_what_does_not_exist(
    settings: Settings, db: Db, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "hidden", "brand": "Vorzakh"}, {"sku": "shown", "brand": "Norvane"}])
    await published(relay)
    admin = {"Authorization": f"Bearer {token_of(settings, db, 'admin')}"}
    with served(settings) as address:
        async with httpx.AsyncClient(base_url=address, headers=admin, trust_env=False) as client:
            body = {"name": "a key", "scopes": ["search", "read"], "forced": {"brand": "norvane"}}
            key = (await client.post("/api/v1/api-keys", json=body)).json()["key"]
        async with socket(address, additional_headers={"X-API-Key": key}) as live:
            answer = await live.subscribe(ids=[str(ids["hidden"]), ANY, str(ids["shown"])], since=0)
            db.execute("UPDATE products SET price = 5 WHERE sku = 'hidden'")
            db.execute("DELETE FROM products WHERE sku = 'hidden'")
            db.execute("UPDATE products SET price = 5 WHERE sku = 'shown'")
            await published(relay)
            told = [await live.told(), await live.told()]
    assert answer["missing"] == [str(ids["hidden"]), ANY]
    assert {one["id"] for one in told} == {str(ids["shown"])}


async def test_a_server_that_ends_closes_its_sockets_as_restarting(settings: Settings, db: Db) -> None:
    server = served(settings)
    address = server.__enter__()
    async with socket(address) as live:
        await live.subscribe(ids=[ANY])
        server.__exit__(None, None, None)
        assert (await live.end())[0] == 1012


async def test_a_reader_that_takes_nothing_is_dropped(settings: Settings, db: Db, relay: Relay) -> None:
    variants = [{"sku": f"v{number}", "price": "1.00", "options": {"size": str(number)}} for number in range(90)]
    ids = store(settings, [{"sku": "a", "variants": variants}])
    await published(relay)
    slow = settings.model_copy(update={"live_slow_reader_seconds": 0.5})
    with served(slow) as address:
        # Neither the client nor the kernel takes in more than a little.
        async with socket(address, max_queue=1, ping_interval=None) as live:
            assert (await live.subscribe(ids=[str(ids["a"])]))["type"] == "subscribed"
            live.connection.transport.pause_reading()
            for number in range(2000):
                db.execute("UPDATE product_variants SET inventory = %s WHERE sku = 'v1'", [number + 1])
            await published(relay)
            await none_open(address)
            live.connection.transport.resume_reading()
            code, last = await live.end()
    assert (code, last["type"]) in {(4509, "error"), (1006, "change")}
