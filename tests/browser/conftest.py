"""A shop with products, served by a process of its own, and pages of a real browser."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from elasticsearch import Elasticsearch
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from catalog.settings import Settings
from generator import generate_products
from indexer.rebuild import ensure_index
from stack.ports import free_port
from tests.browser.chromium import NoBrowser, ensure
from tests.kept import emptied
from tests.processes import is_up, running, wait_until
from tests.support import store, sync_all

GENERATED = 300
EVIL = "<img src=x onerror=alert(1)>"
PRODUCTS: list[dict[str, Any]] = [
    {"sku": "EVIL-1", "name": EVIL, "brand": "</script><script>alert(2)</script>", "category": "Oddments > <b onload=1",
     "description": "</script><!-- <svg onload=alert(3)>", "attributes": {"color": "\"><i onmouseover=alert(4)>"}},
    {"sku": "LAMP-1", "name": "Quillhaven Reading Lamp", "brand": "Quillhaven", "category": "Oddments > Lamps",
     "price": "40.00", "variants": [
         {"sku": "LAMP-1-NVY", "price": "40.00", "inventory": 3, "options": {"color": "navy", "length": "1 m"}},
         {"sku": "LAMP-1-RED", "price": "55.00", "inventory": 0, "options": {"color": "red", "length": "1 m"}},
         {"sku": "LAMP-1-RD2", "price": "60.00", "inventory": 9, "options": {"color": "red", "length": "2 m"}}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(settings: Settings, es: Elasticsearch) -> Iterator[str]:
    """The address of a shop with 300 made-up products and the two above."""
    served = settings.model_copy(update={"http_port": free_port(), "grpc_port": 0})
    address = f"http://127.0.0.1:{served.http_port}"
    with emptied(settings, es) as db:
        ensure_index(settings, es)
        store(settings, [*generate_products(GENERATED, seed=7), *PRODUCTS])
        sync_all(settings, db, es)
        with running(served, "serve"):
            wait_until(lambda: is_up(address), 120)
            yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    try:
        path = ensure()
    except NoBrowser as missing:
        pytest.fail(str(missing), pytrace=False)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path)
        yield browser
        await browser.close()


@dataclass
class Visitor:
    """A shopper's browser window. `complaints` are errors of the page's scripts, refused loads, broken policies."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        await self.page.goto(path)

    async def names(self) -> list[str]:
        """The products on the page."""
        return await self.page.locator(".grid h3").all_inner_texts()

    async def total(self) -> int:
        text = await self.page.locator(".total").inner_text()
        return int("".join(char for char in text if char.isdigit()))


@dataclass
class Visitors:
    browser: Browser
    address: str
    contexts: list[BrowserContext] = field(default_factory=list)

    async def come(self, *, width: int = 1280, height: int = 900, javascript: bool = True) -> Visitor:
        context = await self.browser.new_context(
            base_url=self.address, viewport={"width": width, "height": height}, java_script_enabled=javascript
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        visitor = Visitor(await context.new_page())
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.on("dialog", lambda dialog: visitor.complaints.append(f"dialog: {dialog.message}"))
        visitor.page.on(
            "console",
            lambda line: visitor.complaints.append(line.text) if line.type in ("error", "warning") else None,
        )
        return visitor


@pytest_asyncio.fixture(loop_scope="module")
async def visitors(browser: Browser, shop: str) -> AsyncIterator[Visitors]:
    """Windows as a test needs them."""
    found = Visitors(browser, shop)
    yield found
    for context in found.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(visitors: Visitors) -> AsyncIterator[Visitor]:
    """A window of a desktop's size, which has nothing to complain of when the test ends."""
    visitor = await visitors.come()
    yield visitor
    assert visitor.complaints == []


@pytest_asyncio.fixture(loop_scope="module")
async def phone(visitors: Visitors) -> AsyncIterator[Visitor]:
    visitor = await visitors.come(width=390, height=844)
    yield visitor
    assert visitor.complaints == []
