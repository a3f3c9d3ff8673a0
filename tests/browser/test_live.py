"""Prices and stock change on the page without a reload, and the pages complain of nothing."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import expect

from catalog.connections import connect
from catalog.settings import Settings
from tests.browser.conftest import Visitor
from workers.relay import Relay

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.asyncio(loop_scope="module")
# Before any script of the page, so that a test knows when the socket has its subscription. A promise, as the page's
# policy refuses the second look of `wait_for_function`, which is an eval.
WATCH = """
    let tell;
    window.told = new Promise((done) => { tell = () => done(true); });
    window.WebSocket = class extends WebSocket {
        constructor(...all) { super(...all); this.addEventListener('message', tell); }
    };
"""


@pytest_asyncio.fixture(loop_scope="module")
async def relay(settings: Settings, shop: str) -> AsyncIterator[Relay]:
    relay = Relay(settings)
    yield relay
    await relay.close()


async def _changed(settings: Settings, relay: Relay, sql: str) -> None:
    with connect(settings, "test", autocommit=True) as db:
        db.execute(sql)
    while await relay.tick():
        pass


async def test_a_product_page_shows_a_new_price_and_stock(visitor: Visitor, settings: Settings, relay: Relay) -> None:
    page = visitor.page
    await page.add_init_script(WATCH)
    await visitor.go("/?q=Quillhaven+Reading+Lamp")
    await page.locator(".card a").first.click()
    await page.evaluate("window.told")
    price, stock = page.locator(".product .price strong"), page.locator(".product .stock")
    await page.evaluate("window.kept = true")
    before = await page.locator(".product .price").bounding_box()
    sku = "SELECT id FROM products WHERE sku = 'LAMP-1'"
    await _changed(settings, relay, f"UPDATE product_variants SET price = 71.25 WHERE product_id = ({sku})")
    await expect(price).to_have_text("$71.25")
    await _changed(settings, relay, f"UPDATE product_variants SET inventory = 0 WHERE product_id = ({sku})")
    await expect(stock).to_have_text("Sold out")
    await expect(page.locator("#says")).to_have_text("Now $71.25, Sold out")
    assert await page.evaluate("window.kept")
    after = await page.locator(".product .price").bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == before["y"]


async def test_a_card_shows_a_new_price_and_that_it_is_sold_out(
    visitor: Visitor, settings: Settings, relay: Relay
) -> None:
    page = visitor.page
    await page.add_init_script(WATCH)
    await visitor.go("/?sort=newest")
    await page.evaluate("window.told")
    card = page.locator("[data-product]:not([data-variant])").first
    product_id = await card.get_attribute("data-product")
    plain = page.locator(f'[data-product="{product_id}"]')
    await _changed(settings, relay, f"UPDATE products SET price = 4321.5 WHERE id = '{product_id}'")
    await expect(plain.locator(".price strong")).to_have_text("$4,321.50")
    await _changed(settings, relay, f"UPDATE products SET inventory = 0 WHERE id = '{product_id}'")
    await expect(plain.locator(".flag")).to_have_text("Sold out")
    await _changed(settings, relay, f"UPDATE products SET inventory = 50 WHERE id = '{product_id}'")
    await expect(plain.locator(".flag:not(.sale)")).to_have_count(0)
