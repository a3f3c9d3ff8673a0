"""The shop's pages through HTTP: what they hold, what is escaped, which headers they carry, what errors look like."""

import json
import re
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from catalog.settings import Settings
from stack.ports import free_port
from tests.apps import create_app
from tests.e2e.helpers import NOBODY, assert_problem
from tests.support import store, sync_all

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
EVIL = "<img src=x onerror=alert(1)>"
HEADINGS = re.compile(r"<h3><a href=\"([^\"]+)\">(.*?)</a></h3>")

pytestmark = pytest.mark.usefixtures("small_catalogue")


async def page(client: httpx.AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def names(html: str) -> list[str]:
    return [name for _, name in HEADINGS.findall(html)]


async def address_of(client: httpx.AsyncClient, **params: Any) -> str:
    """The address of the first product found."""
    html = await page(client, str(httpx.URL("/", params=params)))
    return str(HEADINGS.findall(html)[0][0]).replace("&amp;", "&")


async def test_the_home_page_shows_departments_and_products(client: httpx.AsyncClient) -> None:
    html = await page(client, "/")
    assert "/?category=computers" in html
    assert "Norvane NX-450 Laptop" in names(html)


async def test_results_take_the_parameters_of_the_interface(client: httpx.AsyncClient) -> None:
    html = await page(client, "/?q=laptop&brand=Carry&price_max=50&in_stock=true&sort=price_asc&per_page=5")
    assert names(html) == ["Laptop Bag"]
    assert html.count("Remove filter: ") >= 3


async def test_parameters_that_a_form_left_empty_are_taken_out_of_the_address(client: httpx.AsyncClient) -> None:
    answer = await client.get("/?q=laptop&price_min=&price_max=50&brand=+", headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?q=laptop&price_max=50")
    assert (await client.get("/?q=")).headers["location"] == "/"


async def test_a_product_page_shows_all_of_a_product(client: httpx.AsyncClient) -> None:
    html = await page(client, await address_of(client, q="Cotton T-Shirt"))
    for text in ("Cotton T-Shirt", "Weft", "$15.00", "TEE-M", "TEE-L", "$18.00", "Sold out", "Clothing", "Shirts"):
        assert text in html
    machine = json.loads(html.partition('<script type="application/ld+json">')[2].partition("</script>")[0])
    assert machine["offers"]["lowPrice"] == "15.00"
    assert machine["offers"]["highPrice"] == "18.00"


async def test_a_variant_shows_its_own_price_and_stock(client: httpx.AsyncClient) -> None:
    address = await address_of(client, **{"q": "Cotton T-Shirt", "attr.size": "L"})
    assert address.endswith("?variant=TEE-L")
    about = (await page(client, address)).partition('<div class="about">')[2].partition('<div class="details">')[0]
    assert "$18.00" in about
    assert "Only 4 left" in about


async def test_a_product_is_found_by_its_id_alone(client: httpx.AsyncClient) -> None:
    address = await address_of(client, q="NX-450")
    product_id = address[-36:]
    assert "Norvane NX-450 Laptop" in await page(client, f"/p/{product_id}")
    assert f'<link rel="canonical" href="{address}">' in await page(client, f"/p/an-older-name-{product_id}")


async def test_what_is_not_published_has_no_page(client: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    for sku in ("DRAFT", "LATER", "GONE"):
        row = db.execute("SELECT id FROM products WHERE sku = %s", [sku]).fetchone()
        assert row is not None
        await page(client, f"/p/{row[0]}", 404)


async def test_markup_is_escaped_wherever_a_product_shows_it(
    client: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch
) -> None:
    close = "</script><script>alert(2)</script>"
    product = {"sku": "EVIL", "name": EVIL, "brand": close, "description": close, "category": 'A"<b onload=x',
               "attributes": {"color": close, close: "x"}, "images": [{"url": "https://x.test/1.jpg", "alt": EVIL}],
               "variants": [{"sku": 'E"1', "price": "1", "inventory": 1, "options": {"size": close}}]}  # fmt: skip
    store(settings, [product])
    sync_all(settings, db, es)
    found = await page(client, "/?q=EVIL")
    detail = await page(client, await address_of(client, q="EVIL"))
    for html in (found, detail):
        assert "&lt;img src=x onerror=alert(1)&gt;" in html
        assert "<img src=x" not in html
        assert "<script>alert" not in html
        assert "<b onload" not in html
    machine = detail.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(machine)["name"] == EVIL
    suggested = (await client.get("/suggest", params={"q": "onerror"})).json()["sections"]["products"]
    assert all(item["picture"].startswith("/pictures/") for item in suggested)


async def test_what_was_typed_is_escaped(client: httpx.AsyncClient) -> None:
    for name in ("q", "brand", "category", "attr.x", "zzz"):
        answer = await client.get("/", params={name: '"><script>alert(1)</script>'}, headers=BROWSER)
        assert "<script>alert" not in answer.text


async def test_a_wrong_parameter_is_named_and_can_be_left_out(client: httpx.AsyncClient) -> None:
    html = await page(client, "/?q=laptop&price_min=cheap&brand=Carry", 422)
    assert "<code>price_min</code>" in html
    assert 'href="/?q=laptop&amp;brand=Carry"' in html
    assert 'value="laptop"' in html
    assert "Traceback" not in html


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "sort=best", "per_page=1000", "unknown=1", f"q={'x' * 201}", "q=a&q=b",
     "price_min=9&price_max=1", "in_stock=maybe", "page=10000", "cursor=forged", "q=%FF%FE&sort=%00", "=x"],
)  # fmt: skip
async def test_bad_parameters_are_a_helpful_page(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/?{query}", headers=BROWSER)
    assert 400 <= answer.status_code < 500
    assert "To the home page" in answer.text


async def test_an_unknown_address_is_a_page_for_browsers_and_a_problem_for_programs(client: httpx.AsyncClient) -> None:
    for address in ("/nowhere", "/a/b/c", "/p/laptop", f"/p/{NOBODY}", "/static/x/none.js"):
        assert "To the home page" in await page(client, address, 404)
    assert_problem(await client.get("/nowhere"), 404)
    assert_problem(await client.get("/api/v1/nowhere", headers=BROWSER), 404)


async def test_a_shop_without_search_keeps_the_words_and_still_shows_products(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    product = await address_of(client, q="NX-450")
    alone = create_app(settings.model_copy(update={"elasticsearch_url": f"http://127.0.0.1:{free_port()}"}))
    async with (
        alone.router.lifespan_context(alone),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=alone), base_url="http://test") as visitor,
    ):
        answer = await visitor.get("/?q=laptop&brand=Carry", headers=BROWSER)
        assert 'value="laptop"' in answer.text
        assert 'data-notice="degraded"' in answer.text
        assert "Laptop Bag" in answer.text
        assert "Norvane NX-450 Laptop" in await page(visitor, product)


async def test_a_shop_that_is_not_public_lets_nobody_in(settings: Settings) -> None:
    closed = create_app(settings.model_copy(update={"public_search": False}))
    async with (
        closed.router.lifespan_context(closed),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=closed), base_url="http://test") as visitor,
    ):
        for address in ("/", "/?q=laptop", f"/p/{NOBODY}", "/suggest?q=lap"):
            answer = await visitor.get(address, headers=BROWSER)
            assert answer.status_code == 401
            assert "Norvane" not in answer.text


async def test_every_page_has_a_strict_policy(client: httpx.AsyncClient) -> None:
    product = await address_of(client, q="NX-450")
    for address in ("/", "/?q=laptop", "/?q=zzzzzz", product, "/?page=x", "/nowhere", "/suggest?q=lap", "/?q="):
        headers = (await client.get(address, headers=BROWSER)).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


async def test_the_pages_own_files_are_small_and_kept_for_good(client: httpx.AsyncClient) -> None:
    html = await page(client, "/")
    addresses = set(re.findall(r"/static/[^\"]+", html))
    assert {address.rpartition("/")[2] for address in addresses} == {"shop.css", "shop.js", "live.js", "icon.svg"}
    size = 0
    for address in addresses:
        answer = await client.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        size += 0 if address.endswith(".svg") else len(answer.content)
    assert size < 36_000
    stale = await client.get("/static/000000000000/shop.css")
    assert (stale.status_code, stale.headers["cache-control"]) == (200, "no-cache")


async def test_pages_carry_no_script_or_style_of_their_own(client: httpx.AsyncClient) -> None:
    for address in ("/", "/?q=laptop", await address_of(client, q="NX-450")):
        html = await page(client, address)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
        assert set(re.findall(r"<script[^>]*>", html)) <= {
            '<script type="application/ld+json">',
            *re.findall(r'<script src="/static/[0-9a-f]{12}/(?:shop|live).js" defer>', html),
        }


async def test_pictures_are_drawn_and_nothing_else_is(client: httpx.AsyncClient) -> None:
    html = await page(client, "/?q=laptop")
    for address in set(re.findall(r'src="(/pictures/[^"]+)"', html)):
        answer = await client.get(address)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "max-age" in answer.headers["cache-control"]
    for address in ("/pictures/laptop-navy-9.svg", "/pictures/unknown-navy-0.svg", "/pictures/laptop-none-0.svg",
                    "/pictures/%3Cscript%3E-navy-0.svg"):  # fmt: skip
        assert (await client.get(address)).status_code == 404


async def test_the_shop_is_no_part_of_the_interface_description(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert not {"/", "/p/{key}", "/suggest", "/{path}"} & set(paths)


async def test_head_is_answered_like_get(client: httpx.AsyncClient, app: FastAPI) -> None:
    for address in ("/", "/?q=laptop", "/pictures/laptop-navy-0.svg"):
        assert (await client.head(address, headers=BROWSER)).status_code == 200
