"""The search box: suggestions while typing, by keyboard and by screen reader, from what the catalogue holds."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import EVIL, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def typed(visitor: Visitor, text: str) -> None:
    await visitor.go("/")
    await visitor.page.locator("#q").press_sequentially(text)
    await expect(visitor.page.locator("#suggest [role=option]").first).to_be_visible()


async def test_typing_shows_suggestions_and_says_how_many(visitor: Visitor) -> None:
    await typed(visitor, "quillh")
    box, options = visitor.page.locator("#q"), visitor.page.locator("#suggest [role=option]")
    await expect(box).to_have_attribute("role", "combobox")
    await expect(box).to_have_attribute("aria-expanded", "true")
    await expect(box).to_have_attribute("aria-controls", "suggest")
    assert any("Quillhaven Reading Lamp" in text for text in await options.all_inner_texts())
    await expect(visitor.page.locator("#says")).to_have_text(f"{await options.count()} suggestions, use the arrow keys")


async def test_arrow_keys_walk_through_the_suggestions_and_back_to_the_box(visitor: Visitor) -> None:
    await typed(visitor, "quillh")
    box, options = visitor.page.locator("#q"), visitor.page.locator("#suggest [role=option]")
    await box.press("ArrowDown")
    await expect(box).to_have_attribute("aria-activedescendant", "suggest-0")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await box.press("ArrowUp")
    assert await box.get_attribute("aria-activedescendant") is None
    await box.press("ArrowUp")
    last = await options.count() - 1
    await expect(box).to_have_attribute("aria-activedescendant", f"suggest-{last}")
    await expect(box).to_be_focused()


async def test_enter_on_a_suggestion_leads_to_it(visitor: Visitor) -> None:
    await typed(visitor, "quillh")
    options = visitor.page.locator("#suggest [role=option]")
    texts = await options.all_inner_texts()
    wanted = next(place for place, text in enumerate(texts) if "Quillhaven Reading Lamp" in text)
    for _ in range(wanted + 1):
        await visitor.page.keyboard.press("ArrowDown")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("h1")).to_have_text("Quillhaven Reading Lamp")


async def test_every_suggestion_leads_to_something(visitor: Visitor) -> None:
    await typed(visitor, "ca")
    links = [
        await option.get_attribute("href") for option in await visitor.page.locator("#suggest [role=option]").all()
    ]
    assert links
    for link in links:
        assert link is not None
        answer = await visitor.page.request.get(link)
        assert answer.ok
        assert link.startswith("/p/") or '<li class="card' in (await answer.text()).partition('class="layout"')[2], link


async def test_enter_without_a_suggestion_searches_what_was_typed(visitor: Visitor) -> None:
    await typed(visitor, "quillhaven")
    await visitor.page.keyboard.press("Enter")
    await visitor.page.wait_for_url("**/?q=quillhaven")
    assert await visitor.names() == ["Quillhaven Reading Lamp"]


async def test_escape_closes_the_list_and_keeps_what_was_typed(visitor: Visitor) -> None:
    await typed(visitor, "quillh")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.locator("#suggest")).to_be_hidden()
    await expect(visitor.page.locator("#q")).to_have_value("quillh")
    await expect(visitor.page.locator("#q")).to_have_attribute("aria-expanded", "false")


async def test_leaving_the_box_closes_the_list(visitor: Visitor) -> None:
    await typed(visitor, "quillh")
    await visitor.page.keyboard.press("Tab")
    await expect(visitor.page.locator("#suggest")).to_be_hidden()


async def test_a_suggestion_can_be_clicked(visitor: Visitor) -> None:
    await typed(visitor, "quillh")
    await visitor.page.locator("#suggest [role=option]", has_text="Reading Lamp").last.click()
    await expect(visitor.page.locator("h1")).to_contain_text("Reading Lamp")


async def test_one_answer_is_asked_for_when_typing_is_fast(visitor: Visitor) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if "/suggest?" in request.url else None)
    await visitor.go("/")
    await visitor.page.locator("#q").evaluate(
        """box => { for (const text of ['q', 'qu', 'qui', 'quill']) { box.focus(); box.value = text;
                    box.dispatchEvent(new InputEvent('input')); } }"""
    )
    await expect(visitor.page.locator("#suggest [role=option]").first).to_be_visible()
    assert [url.partition("?q=")[2] for url in asked] == ["quill"]


async def test_markup_in_a_name_is_text_in_a_suggestion(visitor: Visitor) -> None:
    await typed(visitor, "onerror")
    option = visitor.page.locator("#suggest [role=option]", has_text="onerror=alert")
    await expect(option.first.locator(".t")).to_have_text(EVIL)
    assert await option.first.locator(".t img").count() == 0
