"""Synonyms over REST: who may change them, what is refused, what is told about a change."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from catalog.services.synonyms import MAX_ENTRIES
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import NOBODY, assert_problem

SYNONYMS = "/api/v1/merchandising/synonyms"
TV = {"kind": "two_way", "terms": ["tv", "Television", "flat screen"]}


async def added(client: httpx.AsyncClient, kind: str, *terms: str) -> dict[str, Any]:
    answer = await client.post(SYNONYMS, json={"kind": kind, "terms": list(terms)})
    assert answer.status_code == 201, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


async def test_an_entry_is_added_read_replaced_and_deleted(signed_in: SignedIn) -> None:
    async with signed_in("merchandiser") as client:
        answer = await client.post(SYNONYMS, json=TV)
        entry = answer.json()
        assert answer.status_code == 201
        assert set(entry) == {"id", "kind", "terms", "created_by", "created_at", "updated_by", "updated_at"}
        assert (entry["kind"], entry["terms"]) == (TV["kind"], TV["terms"])
        address = answer.headers["location"]
        assert (await client.get(address)).json() == entry
        replaced = await client.put(address, json={"kind": "one_way", "terms": ["telly", "tv"]})
        assert replaced.status_code == 200
        assert (replaced.json()["kind"], replaced.json()["terms"]) == ("one_way", ["telly", "tv"])
        assert replaced.json()["created_at"] == entry["created_at"]
        assert replaced.json()["updated_at"] > entry["updated_at"]
        assert (await client.delete(address)).status_code == 204
        for answer in (await client.get(address), await client.put(address, json=TV), await client.delete(address)):
            assert_problem(answer, 404)


async def test_who_made_a_change_is_told(signed_in: SignedIn, db: psycopg.Connection[Any]) -> None:
    async with signed_in("merchandiser") as client, signed_in("admin") as admin:
        entry = await added(client, "two_way", "sofa", "couch")
        changed = (await admin.put(f"{SYNONYMS}/{entry['id']}", json=TV)).json()
        users = {email: str(key) for key, email in db.execute("SELECT id, email FROM users")}
        assert (entry["created_by"], entry["updated_by"]) == (users["merchandiser@example.com"],) * 2
        assert changed["created_by"] == users["merchandiser@example.com"]
        assert changed["updated_by"] == users["admin@example.com"]


async def test_the_list_in_pages_the_latest_change_first(signed_in: SignedIn) -> None:
    async with signed_in("merchandiser") as client:
        sofa = await added(client, "two_way", "sofa", "Couch")
        await added(client, "two_way", "tv", "television")
        await client.put(f"{SYNONYMS}/{sofa['id']}", json={"kind": "two_way", "terms": ["sofa", "Couch", "settee"]})
        page = (await client.get(SYNONYMS, params={"per_page": 1})).json()
        assert (page["total"], page["page"], page["per_page"]) == (2, 1, 1)
        assert page["items"][0]["terms"] == ["sofa", "Couch", "settee"]
        for search, total in (("ouc", 1), ("COUCH", 1), ("tele", 1), ("%", 0), ("", 2)):
            assert (await client.get(SYNONYMS, params={"search": search})).json()["total"] == total, search


@pytest.mark.parametrize("role", [None, "editor", "analyst", "storefront"])
async def test_only_merchandisers_and_administrators(
    client: httpx.AsyncClient, signed_in: SignedIn, role: str | None
) -> None:
    address = f"{SYNONYMS}/{NOBODY}"

    async def refused(asking: httpx.AsyncClient, status: int) -> None:
        for answer in (
            await asking.get(SYNONYMS), await asking.post(SYNONYMS, json=TV), await asking.get(address),
            await asking.put(address, json=TV), await asking.delete(address),
        ):  # fmt: skip
            assert_problem(answer, status)

    if role is None:
        await refused(client, 401)
        return
    async with signed_in(role) as asking:
        await refused(asking, 403)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "two_way", "terms": []}, "terms"),
        ({"kind": "two_way", "terms": ["tv"]}, "terms"),
        ({"kind": "one_way", "terms": ["tv"]}, "terms"),
        ({"kind": "two_way", "terms": [f"t{number}" for number in range(51)]}, "terms"),
        ({"kind": "two_way", "terms": ["Café", "CAFE"]}, "terms"),
        ({"kind": "two_way", "terms": "tv, television"}, "terms"),
        ({"kind": "two_way"}, "terms"),
        ({"terms": ["tv", "television"]}, "kind"),
        ({"kind": "both", "terms": ["tv", "television"]}, "kind"),
        ({"kind": "two_way", "terms": ["tv", ""]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", "   "]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", "?!"]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", "t" * 101]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", "a set for you to watch"]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", "a-b-c-d-e-f"]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", "tele\u0000vision"]}, "terms.1"),
        ({"kind": "two_way", "terms": ["tv", 5]}, "terms.1"),
        ({**TV, "weight": 2}, "weight"),
    ],
)
async def test_bad_input_names_the_field(signed_in: SignedIn, body: dict[str, Any], field: str) -> None:
    async with signed_in("merchandiser") as client:
        assert_problem(await client.post(SYNONYMS, json=body), 422, field)
        entry = await added(client, "two_way", "sofa", "couch")
        assert_problem(await client.put(f"{SYNONYMS}/{entry['id']}", json=body), 422, field)


async def test_an_entry_that_says_the_same_is_a_conflict(signed_in: SignedIn) -> None:
    async with signed_in("merchandiser") as client:
        await added(client, "two_way", "sofa", "couch", "settee")
        assert_problem(
            await client.post(SYNONYMS, json={"kind": "two_way", "terms": ["Settee", "COUCH", "sofa"]}), 409, "terms"
        )
        one_way = await added(client, "one_way", "sofa", "couch", "settee")
        await added(client, "one_way", "couch", "sofa", "settee")
        same = {"kind": "one_way", "terms": ["couch", "settee", "sofa"]}
        assert_problem(await client.put(f"{SYNONYMS}/{one_way['id']}", json=same), 409, "terms")


async def test_there_is_room_for_so_many_entries(signed_in: SignedIn, db: psycopg.Connection[Any]) -> None:
    db.execute(
        "INSERT INTO synonyms (kind, terms, digest) SELECT 'two_way', ARRAY['a' || n, 'b' || n], n::text "
        "FROM generate_series(1, %s) AS n",
        [MAX_ENTRIES],
    )
    async with signed_in("merchandiser") as client:
        problem = assert_problem(await client.post(SYNONYMS, json=TV), 409)
        assert str(MAX_ENTRIES) in problem["detail"]


async def test_an_address_that_names_nothing(signed_in: SignedIn) -> None:
    async with signed_in("merchandiser") as client:
        for key in (str(uuid4()), "tv"):
            assert_problem(await client.get(f"{SYNONYMS}/{key}"), 404)
        assert_problem(await client.get(SYNONYMS, params={"kind": "one_way"}), 422, "kind")
