"""The page of results: facets, chips, sorting, paging, the way back, notices, help where nothing is found."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import EVIL, Visitor, Visitors

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The addresses of pictures that cannot be had; those far down the page are loaded first. One script that waits, as the
# page's policy refuses the second look of `wait_for_function`, which is an eval.
WITHOUT_PICTURE = """async () => {
    const images = [...document.images];
    for (const image of images) image.loading = "eager";
    for (const image of images)
        if (!image.complete) await new Promise((done) => (image.onload = image.onerror = done));
    return images.filter((image) => !image.naturalWidth).map((image) => image.src);
}"""


def number_in(text: str) -> int:
    return int("".join(char for char in text if char.isdigit()))


async def test_the_home_page_shows_departments_and_products_with_pictures(visitor: Visitor) -> None:
    await visitor.go("/")
    assert await visitor.page.locator(".tiles a").count() >= 5
    assert len(await visitor.names()) >= 12
    assert await visitor.page.evaluate(WITHOUT_PICTURE) == []


@pytest.mark.parametrize("group", ["brand", "price", "availability", "category", "attr.color"])
async def test_clicking_a_value_gives_exactly_its_count(visitor: Visitor, group: str) -> None:
    await visitor.go("/?q=black")
    choices = visitor.page.locator(f'.group[data-name="{group}"] .choice:visible')
    for place in range(min(2, await choices.count())):
        choice = choices.nth(place)
        wanted = number_in(await choice.locator(".n").inner_text())
        await choice.click()
        await expect(visitor.page.locator(".chips li")).to_have_count(2)
        assert await visitor.total() == wanted
        await visitor.go("/?q=black")


async def test_search_within_the_values_of_a_facet(visitor: Visitor) -> None:
    await visitor.go("/?sort=name")
    await visitor.page.locator('[data-find="brand"]').press_sequentially("quillh")
    choice = visitor.page.locator('.group[data-name="brand"] .found .choice')
    await expect(choice).to_have_text("Quillhaven1 products")
    await choice.click()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    assert visitor.page.url.endswith("/?sort=name&brand=Quillhaven")
    assert await visitor.names() == ["Quillhaven Reading Lamp"]


async def test_two_filters_together_and_the_chips_that_take_them_out(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    everything = await visitor.total()
    await visitor.page.locator('.group[data-name="availability"] .choice').first.click()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    await visitor.page.locator('.group[data-name="brand"] .choice').first.click()
    await expect(visitor.page.locator(".chips li")).to_have_count(3)
    assert {"q=black", "in_stock=true"} < set(visitor.page.url.partition("?")[2].split("&"))
    await visitor.page.locator(".chips a", has_text="In stock").click()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    assert "in_stock" not in visitor.page.url
    await visitor.page.locator(".chips .clear").click()
    await expect(visitor.page.locator(".chips")).to_have_count(0)
    assert await visitor.total() == everything


async def test_the_back_button_walks_back_through_filters(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    before = (await visitor.total(), visitor.page.url)
    await visitor.page.locator('.group[data-name="brand"] .choice').first.click()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    after = (await visitor.total(), visitor.page.url)
    await visitor.page.go_back()
    await expect(visitor.page.locator(".chips")).to_have_count(0)
    assert (await visitor.total(), visitor.page.url) == before
    await visitor.page.go_forward()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    assert (await visitor.total(), visitor.page.url) == after


async def test_an_address_can_be_shared(visitor: Visitor, visitors: Visitors) -> None:
    await visitor.go("/?q=black")
    await visitor.page.locator('.group[data-name="brand"] .choice').first.click()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    other = await visitors.come()
    await other.go(visitor.page.url)
    assert (await other.total(), await other.names()) == (await visitor.total(), await visitor.names())
    await expect(other.page.locator(".chips li")).to_have_count(2)


async def test_the_focus_stays_on_the_value_that_was_chosen(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    choice = visitor.page.locator('.group[data-name="brand"] .choice').first
    name = (await choice.locator(".text").inner_text()).strip()
    await choice.focus()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    focused = visitor.page.locator(":focus")
    await expect(focused).to_contain_text(name)
    await expect(focused).to_have_attribute("aria-current", "true")
    await expect(visitor.page.locator("#says")).to_contain_text("result")


async def test_a_price_range_is_set_by_its_form(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    form = visitor.page.locator('.group[data-name="price"] form')
    await form.locator("[name=price_max]").fill("50")
    await form.locator("button").click()
    await expect(visitor.page.locator(".chips li")).to_have_count(2)
    assert "price_max=50" in visitor.page.url
    assert "price_min" not in visitor.page.url
    prices = await visitor.page.locator(".grid .price strong").all_inner_texts()
    assert prices
    assert all(float(price.removeprefix("$").replace(",", "")) <= 50 for price in prices)


async def test_sorting_by_price(visitor: Visitor) -> None:
    await visitor.go("/?q=black")
    await visitor.page.locator("#sort").select_option("price_asc")
    await visitor.page.wait_for_url("**sort=price_asc")
    await expect(visitor.page.locator("#sort")).to_have_value("price_asc")
    texts = await visitor.page.locator(".grid .price strong").all_inner_texts()
    prices = [float(text.removeprefix("$").replace(",", "")) for text in texts]
    assert prices == sorted(prices)


async def test_pages_follow_each_other_without_overlap(visitor: Visitor) -> None:
    await visitor.go("/?sort=name&per_page=10")
    first = await visitor.names()
    await visitor.page.locator(".pages [rel=next]").click()
    await visitor.page.wait_for_url("**page=2")
    second = await visitor.names()
    assert len(first) == len(second) == 10
    assert not set(first) & set(second)
    await expect(visitor.page.locator(".pages [aria-current=page]")).to_have_text("Page 2")


async def test_a_typing_mistake_is_corrected_and_told(visitor: Visitor) -> None:
    await visitor.go("/?q=quilhaven+reding+lamp")
    await expect(visitor.page.locator('[data-notice="corrected"]')).to_contain_text("quillhaven reading lamp")
    assert "Quillhaven Reading Lamp" in await visitor.names()
    await expect(visitor.page.locator("#q")).to_have_value("quilhaven reding lamp")


async def test_words_that_are_left_out_are_told(visitor: Visitor) -> None:
    await visitor.go("/?q=quillhaven+lamp+submarine")
    await expect(visitor.page.locator('[data-notice="dropped"] s')).to_have_text("submarine")
    assert "Quillhaven Reading Lamp" in await visitor.names()


async def test_a_page_without_results_helps(visitor: Visitor) -> None:
    await visitor.go("/?q=zxqvwkj")
    await expect(visitor.page.locator(".nothing h2")).to_contain_text("zxqvwkj")
    assert await visitor.page.locator(".tiles a").count() >= 5
    assert await visitor.names()
    await expect(visitor.page.locator("#q")).to_have_value("zxqvwkj")


async def test_filters_that_leave_nothing_can_be_left_out(visitor: Visitor) -> None:
    await visitor.go("/?q=quillhaven&price_max=1")
    await visitor.page.locator(".ways a", has_text="without filters").click()
    await visitor.page.wait_for_url("**/?q=quillhaven")
    assert await visitor.names() == ["Quillhaven Reading Lamp"]


async def test_the_variant_that_holds_the_filters_is_shown(visitor: Visitor) -> None:
    await visitor.go("/?q=quillhaven&attr.color=red&in_stock=true")
    card = visitor.page.locator(".card")
    await expect(card.locator(".options")).to_contain_text("red")
    await expect(card.locator(".price strong")).to_have_text("$60.00")
    await card.locator("a").click()
    await expect(visitor.page.locator(".about .price strong")).to_have_text("$60.00")
    await expect(visitor.page.locator("tr[aria-current] a")).to_have_text("LAMP-1-RD2")


async def test_markup_in_a_product_is_text_everywhere(visitor: Visitor) -> None:
    await visitor.go("/?q=EVIL-1")
    assert await visitor.names() == [EVIL]
    await visitor.page.locator(".card a").click()
    await expect(visitor.page.locator("h1")).to_have_text(EVIL)
    machine = await visitor.page.evaluate("JSON.parse(document.querySelector('[type=\"application/ld+json\"]').text)")
    assert machine["name"] == EVIL
    assert machine["brand"]["name"] == "</script><script>alert(2)</script>"
    assert await visitor.page.locator("main script, main svg[onload], main i, main b").count() == 0


async def test_everything_works_without_javascript(visitors: Visitors) -> None:
    visitor = await visitors.come(javascript=False)
    await visitor.go("/")
    await visitor.page.locator("#q").fill("black")
    await visitor.page.locator("#q").press("Enter")
    await visitor.page.wait_for_url("**/?q=black")
    wanted = number_in(await visitor.page.locator('.group[data-name="brand"] .n').first.inner_text())
    await visitor.page.locator('.group[data-name="brand"] .choice').first.click()
    assert await visitor.total() == wanted
    await visitor.page.locator("#sort").select_option("price_desc")
    await visitor.page.locator(".sort button").click()
    await visitor.page.wait_for_url("**sort=price_desc")
    assert await visitor.total() == wanted
    await visitor.page.locator("[name=price_max]").fill("100000")
    await visitor.page.locator('.group[data-name="price"] button').click()
    # The lower limit was left empty, and the address has no empty parameter.
    assert "price_max=100000" in visitor.page.url
    assert "price_min" not in visitor.page.url
    await visitor.page.locator(".chips .clear").click()
    assert visitor.page.url.endswith("/?q=black&sort=price_desc")
