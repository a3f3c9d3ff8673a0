// Prices and stock change on the page as they do in the catalogue. The pages work without any of it.
"use strict";
(() => {
  const MOST = 200, FIRST = 1000, LONGEST = 30000, FEW = 5;
  // Of these the next attempt would come to the same.
  const FINAL = [4400, 4401, 4403];
  let socket = null, position = null, ids = "", pause = FIRST, timer = 0;

  const money = (amount, currency) =>
    new Intl.NumberFormat("en-US", { style: "currency", currency }).format(amount).replace(/\u00a0/g, " ");
  const put = (element, text) => { if (element && element.textContent !== text) { element.textContent = text; return true; } return false; };
  const say = (text) => { document.querySelector("#says").textContent = text; };
  const stock = (held) => (!held.in_stock ? "Sold out" : held.inventory <= FEW ? `Only ${held.inventory} left` : "In stock");
  const shown = (id) => document.querySelectorAll(`[data-product="${CSS.escape(id)}"]`);

  const price = (box, held, was, currency) => {
    const line = box.querySelector(".price"), strong = line.querySelector("strong");
    const several = box.matches(".product") && (held.variants || []).some((one) => one.price !== held.price);
    const changed = put(strong, (several ? "From " : "") + money(held.price, currency));
    if (changed) {
      const old = line.querySelector("s"), saved = line.querySelector(".saved");
      const reduced = was != null && was > held.price;
      if (old) { old.hidden = !reduced; if (reduced) old.lastChild.textContent = money(was, currency); }
      if (saved) saved.hidden = true;
    }
    return changed;
  };
  // The product's own page says it in words; in a list a flag does.
  const available = (box, held, words) => {
    const line = box.querySelector(".stock");
    if (line) {
      line.classList.toggle("yes", held.in_stock);
      line.classList.toggle("no", !held.in_stock);
      return put(line, words);
    }
    box.classList.toggle("gone", !held.in_stock);
    let flag = box.querySelector(".flag:not(.sale)");
    if (held.in_stock) { if (flag) flag.remove(); }
    else if (!flag) {
      box.querySelectorAll(".flag").forEach((other) => other.remove());
      flag = document.createElement("span");
      flag.className = "flag";
      flag.textContent = "Sold out";
      box.querySelector(".shot").append(flag);
    }
    return false;
  };
  const change = (product) => {
    for (const box of shown(product.id)) {
      const variant = box.dataset.variant && product.variants.find((one) => one.sku === box.dataset.variant);
      const held = variant || product;
      const priced = price(box, held, product.compare_at_price, product.currency);
      const stocked = available(box, held, stock(held));
      // A list of products that talks all the time helps nobody.
      if (box.matches(".product") && (priced || stocked)) say(`Now ${money(held.price, product.currency)}, ${stock(held)}`);
    }
  };
  const gone = (id) => {
    for (const box of shown(id)) if (available(box, { in_stock: false }, "No longer available")) say("No longer available");
  };
  const hear = (message) => {
    if (message.position != null) position = message.position;
    if (message.type === "subscribed") {
      pause = FIRST;
      (message.products || []).forEach(change);
      message.missing.forEach(gone);
    } else if (message.type === "change") change(message);
    else if (message.type === "gone") gone(message.id);
  };

  const close = () => {
    clearTimeout(timer);
    const old = socket;
    socket = null;
    if (old) old.close();
  };
  const open = () => {
    close();
    if (!ids) return;
    const mine = (socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/live`));
    mine.addEventListener("open", () => {
      const asked = { type: "subscribe", ids: ids.split(" ") };
      mine.send(JSON.stringify(position == null ? { ...asked, snapshot: true } : { ...asked, from: position }));
    });
    mine.addEventListener("message", (event) => { if (mine === socket) hear(JSON.parse(event.data)); });
    mine.addEventListener("close", (event) => {
      if (mine !== socket) return;
      socket = null;
      if (event.code === 4410) position = null;
      if (FINAL.includes(event.code)) return;
      timer = setTimeout(open, pause * (0.5 + Math.random()));
      pause = Math.min(LONGEST, 2 * pause);
    });
  };
  const look = () => {
    const found = [...new Set([...document.querySelectorAll("[data-product]")].map((box) => box.dataset.product))].slice(0, MOST).sort().join(" ");
    if (found === ids) return;
    // These products were read by the server just now, or a moment ago: what they are now is asked for.
    ids = found;
    position = null;
    open();
  };
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  // Filters put other results in the place of these.
  new MutationObserver(look).observe(document.body, { childList: true });
  look();
})();
