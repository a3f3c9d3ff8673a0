"""Pictures of a running shop, as docs/storefront.md shows them: `python -m tests.browser.screenshots ADDRESS [FOLDER]`.

The shop is the demonstration's (`make demo`): the searches are made for its products.
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.chromium import ensure

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
DESKTOP, PHONE = (1280, 900), (390, 844)


async def _nothing(page: Page) -> None:
    """The page as it comes."""


async def _type(page: Page) -> None:
    await page.locator("#q").press_sequentially("wireless hea")
    await page.locator("#suggest [role=option]").first.wait_for()
    await page.keyboard.press("ArrowDown")


async def _open_filters(page: Page) -> None:
    await page.locator(".open-filters").click()


async def _open_first(page: Page) -> None:
    await page.locator(".card a").first.click()
    await page.locator(".product").wait_for()


SHOTS = {
    "home": (DESKTOP, "/", _nothing),
    "suggestions": (DESKTOP, "/", _type),
    "results": (DESKTOP, "/?q=headphones", _nothing),
    "filters": (DESKTOP, "/?q=shirt&attr.color=navy&attr.color=black&price_max=60&in_stock=true", _nothing),
    "typo": (DESKTOP, "/?q=hedphones", _nothing),
    "left-out": (DESKTOP, "/?q=wireless+purple+headphones+submarine", _nothing),
    "no-result": (DESKTOP, "/?q=qwrtzuiop", _nothing),
    "variant": (DESKTOP, "/?q=t-shirt&attr.size=M&in_stock=true", _open_first),
    "phone": (PHONE, "/?q=shirt&attr.color=navy", _nothing),
    "phone-filters": (PHONE, "/?q=shirt&attr.color=navy", _open_filters),
}


async def take(browser: Browser, address: str, folder: Path) -> None:
    for name, ((width, height), path, prepare) in SHOTS.items():
        page = await browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        await page.goto(address.rstrip("/") + path)
        await prepare(page)
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=82)
        await page.close()


async def main(address: str, folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=ensure())
        await take(browser, address, folder)
        await browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1], target))
