// Suggestions while typing, and filters without a page load. The pages work without any of it.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const say = (text) => { $("#says").textContent = text; };
  document.documentElement.classList.add("js");

  // Elements are only ever made from text: nothing that a product says is read as HTML.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
    element.append(...children.filter((child) => child != null));
    return element;
  };

  // A picture that cannot be had is replaced by a drawn one.
  const redraw = (image) => {
    const drawn = image.dataset && image.dataset.drawn;
    if (drawn && image.getAttribute("src") !== drawn) image.src = drawn;
  };
  document.addEventListener("error", (event) => redraw(event.target), true);
  for (const image of document.images) if (image.complete && !image.naturalWidth) redraw(image);

  // ---- Suggestions: the combobox with a listbox of WAI-ARIA 1.2 ----
  const PAUSE = 120;
  const input = $("#q"), form = input.form;
  const list = make("div", { id: "suggest", class: "suggest", role: "listbox", "aria-label": "Suggestions", hidden: "" });
  form.append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "suggest", "aria-autocomplete": "list" })) input.setAttribute(name, value);
  let options = [], active = -1, timer = 0, asking = null;

  const entities = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", "#x2F": "/" };
  const plain = (html) => html.replace(/&(#?\w+);/g, (whole, name) => entities[name] || whole);
  // 'Cotton <em>Shi</em>rt' -> what was completed in bold.
  const marked = (item) => {
    const span = make("span", { class: "t" });
    (item.highlight ? item.highlight.split(/<em>(.*?)<\/em>/) : [item.text]).forEach((part, at) => {
      if (part) span.append(at % 2 ? make("b", {}, plain(part)) : item.highlight ? plain(part) : part);
    });
    return span;
  };
  const price = (item) => new Intl.NumberFormat("en-US", { style: "currency", currency: item.currency }).format(item.price);
  const search = (name, value) => `/?${name}=${encodeURIComponent(value)}`;
  const image = (item) => (item.picture ? make("img", { src: item.picture, "data-drawn": item.drawn, alt: "", width: 46, height: 46 }) : null);
  const SECTIONS = [
    ["queries", "Suggestions", 6, (item) => search("q", item.text)],
    ["categories", "Categories", 4, (item) => search("category", item.value)],
    ["brands", "Brands", 3, (item) => search("brand", item.value)],
    ["products", "Products", 6, (item) => item.url],
  ];

  const close = () => {
    clearTimeout(timer);
    if (asking) asking.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  };
  const choose = (at) => {
    active = at;
    options.forEach((option, place) => option.setAttribute("aria-selected", place === at));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    }
  };
  const show = (sections) => {
    options = [];
    list.replaceChildren();
    const words = make("div", { class: "col", role: "presentation" }), goods = make("div", { class: "col", role: "presentation" });
    for (const [name, title, most, address] of SECTIONS) {
      const items = (sections[name] || []).slice(0, most);
      if (!items.length) continue;
      const group = make("div", { role: "group", "aria-label": title }, make("div", { class: "title", "aria-hidden": "true" }, title));
      for (const item of items) {
        const note = name === "products" ? price(item) : item.count == null ? null : String(item.count);
        const option = make("a", { id: `suggest-${options.length}`, role: "option", "aria-selected": "false", tabindex: "-1", href: address(item) },
          image(item), marked(item), note && make("small", {}, note));
        options.push(option);
        group.append(option);
      }
      (name === "products" ? goods : words).append(group);
    }
    for (const column of [words, goods]) if (column.childElementCount) list.append(column);
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !options.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    say(options.length ? `${options.length} suggestion${options.length === 1 ? "" : "s"}, use the arrow keys` : "No suggestions");
  };
  const ask = async () => {
    const typed = input.value.trim();
    if (asking) asking.abort();
    if (!typed) return close();
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch(`/suggest?q=${encodeURIComponent(typed)}`, { signal: mine.signal });
      if (!answer.ok) return close();
      const found = await answer.json();
      if (asking === mine && document.activeElement === input) show(found.sections);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  // The field keeps the focus while a suggestion is clicked.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void ask();
      const step = event.key === "ArrowDown" ? 1 : -1, places = options.length + 1;
      choose(((active + 1 + step + places) % places) - 1);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      location.assign(options[active].href);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });

  // ---- Filters, sorting and chips change the results in place ----
  const here = () => location.pathname + location.search;
  let shown = here(), loading = null;
  const key = (element) => element && (element.id || element.getAttribute("href") || element.name);
  const swap = async (url, push) => {
    if (loading) loading.abort();
    const mine = (loading = new AbortController()), old = $("main");
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && focused.closest(".group, .chips");
    const label = focused && $(".text", focused) ? $(".text", focused).lastChild.textContent : null;
    const open = new Map([...old.querySelectorAll("details[data-name]")].map((one) => [one.dataset.name, one.open]));
    const scrolled = $(".groups") ? $(".groups").scrollTop : 0;
    old.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: mine.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = $("main", page);
      if (!answer.ok || !fresh) return void location.assign(url);
      for (const one of fresh.querySelectorAll("details[data-name]")) if (open.has(one.dataset.name)) one.open = one.open || open.get(one.dataset.name);
      old.replaceWith(fresh);
      document.title = page.title;
      const address = new URL(answer.url);
      if (push) history.pushState(null, "", address.pathname + address.search);
      shown = here();
      input.value = $("#q", page).getAttribute("value");
      drawer(document.documentElement.classList.contains("drawer") && !!$("#filters"), false);
      if ($(".groups")) $(".groups").scrollTop = scrolled;
      if (focused) {
        const group = place && place.dataset.name ? $(`details[data-name="${CSS.escape(place.dataset.name)}"]`) : null;
        const same = focused.id ? document.getElementById(focused.id) : focused.name ? fresh.querySelector(`[name="${CSS.escape(focused.name)}"]:not([type=hidden])`)
          : label && group ? [...group.querySelectorAll(".text")].find((text) => text.lastChild.textContent === label)?.closest("a") : null;
        (same || fresh).focus({ preventScroll: true });
      }
      say($(".total").textContent);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url);
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.matches("[data-live]")) { event.preventDefault(); swap(link.href, true); }
    else if (link.matches(".open-filters")) { event.preventDefault(); drawer(true, true); }
    else if (link.matches(".close")) { event.preventDefault(); drawer(false, true); }
  });
  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (!sent.matches("[data-live]")) return;
    event.preventDefault();
    const given = [...new FormData(sent)].filter(([, value]) => value !== "");
    swap(`/?${new URLSearchParams(given)}`, true);
  });
  document.addEventListener("change", (event) => { if (event.target.id === "sort") event.target.form.requestSubmit(); });
  addEventListener("popstate", () => { if (here() !== shown) swap(location.href, false); });

  // ---- Search within the values of a facet: the interface counts them under the same words and filters ----
  const found = (name, value) => {
    const wanted = new URLSearchParams(location.search);
    for (const gone of ["page", "cursor"]) wanted.delete(gone);
    if (value.selected) wanted.delete(name, value.value);
    else wanted.append(name, value.value);
    return make("li", {}, make("a", { class: "choice", href: `/?${wanted}`, rel: "nofollow", "data-live": "", "aria-current": value.selected ? "true" : null },
      make("span", { class: "tick", "aria-hidden": "true" }), make("span", { class: "text" }, value.label),
      make("span", { class: "n" }, value.count.toLocaleString("en-US"), make("span", { class: "vh" }, " products"))));
  };
  let finding = null, findTimer = 0;
  const find = async (box) => {
    const group = box.closest(".group"), prefix = box.value.trim(), own = [...group.children].filter((part) => part.matches("ul:not(.found), .more"));
    if (finding) finding.abort();
    const mine = (finding = new AbortController());
    let values = [];
    if (prefix) {
      const wanted = new URLSearchParams(location.search);
      wanted.delete("cursor");
      wanted.set("prefix", prefix);
      try {
        const answer = await fetch(`/api/v1/search/facets/${encodeURIComponent(box.dataset.find)}?${wanted}`, { signal: mine.signal });
        if (!answer.ok) return;
        values = (await answer.json()).values;
      } catch (error) { return; }
    }
    for (const part of own) part.hidden = !!prefix;
    const shown = make("ul", { class: "found" }, ...values.map((value) => found(box.dataset.find, value)));
    const before = $(".found", group);
    if (before) before.remove();
    if (prefix) box.after(values.length ? shown : make("p", { class: "found rest" }, "Nothing begins like this"));
    if (prefix) say(`${values.length} value${values.length === 1 ? "" : "s"}`);
  };
  document.addEventListener("input", (event) => {
    if (!event.target.matches(".find")) return;
    clearTimeout(findTimer);
    findTimer = setTimeout(find, PAUSE, event.target);
  });

  // ---- The drawer of filters on a phone ----
  const drawer = (open, move) => {
    const filters = $("#filters");
    document.documentElement.classList.toggle("drawer", open);
    for (const other of document.querySelectorAll(".top, .bottom, .head, .chips, .notice, .list")) other.inert = open;
    if (!filters) return;
    if (open) { filters.setAttribute("role", "dialog"); filters.setAttribute("aria-modal", "true"); }
    else { filters.removeAttribute("role"); filters.removeAttribute("aria-modal"); }
    if (move) (open ? $(".close", filters) : $(".open-filters")).focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.documentElement.classList.contains("drawer")) drawer(false, true);
  });
  // Turned to landscape, the filters stand beside the results again and nothing may stay shut off.
  matchMedia("(max-width: 860px)").addEventListener("change", (query) => { if (!query.matches) drawer(false, false); });
})();
