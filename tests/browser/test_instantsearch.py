"""The example with the real instantsearch.js from npm, in a browser, against a shop with products."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

pytestmark = [pytest.mark.drill, pytest.mark.asyncio(loop_scope="module")]
EXAMPLE = Path(__file__).parents[2] / "examples" / "instantsearch"
REMEDY = "This needs Node.js 18 or newer with npm (Debian and Ubuntu: apt-get install nodejs npm)."


@pytest.fixture(scope="module")
def page_address(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.fail(REMEDY, pytrace=False)
    folder = tmp_path_factory.mktemp("instantsearch")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.fail(f"npm install failed. {REMEDY}\n{done.stderr[-2000:]}", pytrace=False)
    environment = {"CATALOG_URL": shop, "PORT": "0"}
    with subprocess.Popen(
        [node, "server.js"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@pytest_asyncio.fixture(loop_scope="module")
async def shown(browser: Browser, page_address: str) -> Page:
    page = await browser.new_page()
    page.set_default_timeout(15_000)
    await page.goto(page_address)
    await expect(page.locator("#hits li").first).to_be_visible()
    return page


async def total(page: Page) -> int:
    return int(
        "".join(char for char in (await page.locator("#stats").inner_text()).split(" result")[0] if char.isdigit())
    )


@pytest.mark.parametrize("widget", ["#brand", "#category", "#color"])
async def test_clicking_a_value_gives_its_count(shown: Page, widget: str) -> None:
    count = shown.locator(f"{widget} [class$='-count']").first
    wanted = int((await count.inner_text()).replace(",", ""))
    await shown.locator(f"{widget} li").first.locator("input, a").first.click()
    await expect(shown.locator("#stats")).to_contain_text(f"{wanted:,} result")


async def test_a_level_of_the_menu_opens_the_next(shown: Page) -> None:
    await shown.locator("#category a").first.click()
    inner = shown.locator("#category ul ul li").first
    wanted = int((await inner.locator("[class$='-count']").first.inner_text()).replace(",", ""))
    await inner.locator("a").first.click()
    await expect(shown.locator("#stats")).to_contain_text(f"{wanted:,} result")


async def test_a_second_value_of_a_list_widens_it(shown: Page) -> None:
    counts = await shown.locator("#brand [class$='-count']").all_inner_texts()
    first, second = int(counts[0]), int(counts[1])
    labels = shown.locator("#brand [class$='-labelText']")
    names = await labels.all_inner_texts()
    for name in names[:2]:
        await shown.locator("#brand label", has_text=name).first.click()
    await expect(shown.locator("#stats")).to_contain_text(f"{first + second:,} result")


async def test_the_range_narrows(shown: Page) -> None:
    before = await total(shown)
    await shown.locator("#price input").nth(1).fill("30")
    await shown.locator("#price button").click()
    await expect(shown.locator("#stats")).not_to_contain_text(f"{before:,} result")
    prices = [float(text) for text in await shown.locator("#hits .price").all_inner_texts()]
    assert prices
    assert max(prices) <= 30


async def test_the_cheapest_come_first_and_pages_go_on(shown: Page) -> None:
    await shown.locator("#sort select").select_option("products_price_asc")
    await shown.wait_for_function(
        "() => { const p = [...document.querySelectorAll('#hits .price')].map(e => +e.textContent);"
        " return p.length > 1 && p.every((x, i) => !i || p[i - 1] <= x) }"
    )
    first = await shown.locator("#hits li").first.inner_text()
    await shown.locator("#pages a", has_text="2").first.click()
    await expect(shown.locator("#hits li").first).not_to_have_text(first)


async def test_words_are_highlighted_and_markup_stays_text(shown: Page) -> None:
    await shown.locator("#box input").fill("quillhaven")
    await expect(shown.locator("#hits mark").first).to_have_text("Quillhaven")
    await shown.locator("#box input").fill("img onerror")
    await expect(shown.locator("#hits")).to_contain_text("<img src=x")
    assert await shown.locator("#hits img").count() == 0


async def test_search_within_the_brands(shown: Page) -> None:
    await shown.locator("#brand input[type=search]").fill("quillh")
    await expect(shown.locator("#brand li")).to_have_count(1)
    await expect(shown.locator("#brand mark")).to_have_text("Quillh")
