"""Usable by everybody: axe finds nothing, everything is reached by keyboard, nothing is too wide for a phone."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = {
    "home": "/",
    "results": "/?q=black&attr.color=black&in_stock=true",
    "category": "/?category=clothing",
    "typo": "/?q=quilhaven+reding+lamp",
    "nothing": "/?q=zxqvwkj&price_max=5",
    "mistake": "/?q=lamp&price_min=cheap",
    "unknown": "/nowhere",
}
# Browsers put every answer of 4xx on the console: of these two pages that is no complaint.
REFUSED = ("mistake", "unknown")


async def assert_axe_finds_nothing(visitor: Visitor) -> None:
    # Pictures grow and panels slide: measured is what stands still.
    await visitor.page.emulate_media(reduced_motion="reduce")
    found = await Axe().run(visitor.page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
async def test_axe_finds_nothing(visitor: Visitor, name: str) -> None:
    await visitor.go(PAGES[name])
    await assert_axe_finds_nothing(visitor)
    if name in REFUSED:
        visitor.complaints.clear()


@pytest.mark.parametrize("name", PAGES)
async def test_a_phone_shows_it_without_sideways_scrolling_or_violations(phone: Visitor, name: str) -> None:
    await phone.go(PAGES[name])
    assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await assert_axe_finds_nothing(phone)
    if name in REFUSED:
        phone.complaints.clear()


async def test_a_product_page_is_accessible_on_both(visitor: Visitor, phone: Visitor) -> None:
    for window in (visitor, phone):
        await window.go("/?q=quillhaven&attr.color=red")
        await window.page.locator(".card a").click()
        await expect(window.page.locator("h1")).to_have_text("Quillhaven Reading Lamp")
        assert await window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await assert_axe_finds_nothing(window)


async def test_suggestions_are_accessible(visitor: Visitor) -> None:
    await visitor.go("/")
    await visitor.page.locator("#q").press_sequentially("quillh")
    await expect(visitor.page.locator("#suggest [role=option]").first).to_be_visible()
    await visitor.page.keyboard.press("ArrowDown")
    await assert_axe_finds_nothing(visitor)


async def test_the_first_tab_skips_to_the_main_part(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    await visitor.page.keyboard.press("Tab")
    await expect(visitor.page.locator(":focus")).to_have_text("Skip to the main part")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("#main")).to_be_focused()


async def test_the_drawer_of_filters_on_a_phone(phone: Visitor) -> None:
    await phone.go("/?q=black")
    drawer, opener = phone.page.locator("#filters"), phone.page.locator(".open-filters")
    await expect(drawer).to_be_hidden()
    await opener.click()
    await expect(drawer).to_be_visible()
    await expect(drawer).to_have_attribute("role", "dialog")
    await expect(drawer.locator(".drawer-head .close")).to_be_focused()
    await assert_axe_finds_nothing(phone)
    # A choice leaves the drawer open for the next one.
    await drawer.locator('.group[data-name="brand"] .choice').first.click()
    await expect(phone.page.locator(".chips li")).to_have_count(2)
    await expect(drawer).to_be_visible()
    await phone.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(opener).to_be_focused()
    await expect(opener).to_have_text("Filters (1)")


async def test_the_tools_above_the_results_stay_in_one_line_on_a_phone(phone: Visitor) -> None:
    await phone.go("/?q=black&in_stock=true")
    one_line = await phone.page.locator("#sort").bounding_box()
    tools = await phone.page.locator(".tools").bounding_box()
    assert one_line is not None
    assert tools is not None
    assert tools["height"] <= one_line["height"] + 1


async def test_pictures_hold_their_place_before_they_come(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    for image in await visitor.page.locator(".grid img").all():
        assert await image.get_attribute("width")
        assert await image.get_attribute("height")
