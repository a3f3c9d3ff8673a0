"""ETag, If-Match and If-None-Match on products."""

import asyncio

import httpx
import pytest

from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem, created


async def test_the_etag_is_the_version(editor: httpx.AsyncClient) -> None:
    product = await created(editor)
    address = f"{PRODUCTS}/{product['id']}"
    assert (await editor.get(address)).headers["etag"] == '"1"'
    changed = await editor.patch(address, json={"name": "Another"})
    assert (changed.headers["etag"], changed.json()["version"]) == ('"2"', 2)


async def test_not_modified(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    product = await created(editor)
    address = f"{PRODUCTS}/{product['id']}"
    for known in ('"1"', 'W/"1"', '"7", "1"', "*"):
        answer = await client.get(address, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    for unknown in ('"2"', "1", "", '"11"'):
        assert (await client.get(address, headers={"If-None-Match": unknown})).status_code == 200


@pytest.mark.parametrize("condition", ['"1"', '"3", "1"', "*"])
async def test_a_condition_that_holds(editor: httpx.AsyncClient, condition: str) -> None:
    product = await created(editor)
    answer = await editor.patch(
        f"{PRODUCTS}/{product['id']}", json={"name": "Another"}, headers={"If-Match": condition}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("condition", ['"2"', 'W/"1"', "1", '""', '"one"', f'"{"9" * 50}"'])
async def test_a_condition_that_does_not_hold(editor: httpx.AsyncClient, condition: str) -> None:
    product = await created(editor)
    address, headers = f"{PRODUCTS}/{product['id']}", {"If-Match": condition}
    for answer in (
        await editor.put(address, json=a_product(), headers=headers),
        await editor.patch(address, json={"name": "Another"}, headers=headers),
        await editor.delete(address, headers=headers),
    ):
        problem = assert_problem(answer, 412)
        assert "version 1" in problem["detail"]
    assert (await editor.get(address)).json() == product


async def test_of_two_writers_one_loses(editor: httpx.AsyncClient) -> None:
    product = await created(editor)
    address, headers = f"{PRODUCTS}/{product['id']}", {"If-Match": '"1"'}
    answers = await asyncio.gather(
        *(editor.patch(address, json={"name": f"Name {n}"}, headers=headers) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_deleting_the_version_that_was_read(editor: httpx.AsyncClient) -> None:
    product = await created(editor)
    answer = await editor.delete(f"{PRODUCTS}/{product['id']}", headers={"If-Match": '"1"'})
    assert answer.status_code == 204
    assert_problem(await editor.delete(f"{PRODUCTS}/{NOBODY}", headers={"If-Match": '"1"'}), 404)
