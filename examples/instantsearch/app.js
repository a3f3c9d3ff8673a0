// The whole client: what the widgets ask is posted as it is.
const post = async (requests) => {
  const answer = await fetch("/api/v1/instantsearch", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ requests }),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.detail);
  return found;
};
const searchClient = {
  search: post,
  searchForFacetValues: async (requests) => (await post(requests)).results,
};

const { widgets } = instantsearch;
const levels = [0, 1, 2, 3].map((level) => `hierarchicalCategories.lvl${level}`);
const search = instantsearch({ indexName: "products", searchClient });
search.addWidgets([
  widgets.configure({ hitsPerPage: 12 }),
  widgets.searchBox({ container: "#box" }),
  widgets.stats({ container: "#stats" }),
  widgets.hierarchicalMenu({ container: "#category", attributes: levels }),
  widgets.refinementList({ container: "#brand", attribute: "brand", searchable: true }),
  widgets.refinementList({ container: "#color", attribute: "attr.color" }),
  widgets.rangeInput({ container: "#price", attribute: "price", precision: 2 }),
  widgets.toggleRefinement({ container: "#stock", attribute: "in_stock", templates: { labelText: "In stock" } }),
  widgets.sortBy({
    container: "#sort",
    items: [
      { label: "Best match", value: "products" },
      { label: "Cheapest first", value: "products_price_asc" },
      { label: "Dearest first", value: "products_price_desc" },
      { label: "Newest first", value: "products_newest" },
    ],
  }),
  widgets.hits({
    container: "#hits",
    templates: {
      item: (hit, { html, components }) =>
        html`<strong>${components.Highlight({ attribute: "name", hit })}</strong>
          <span> ${hit.brand}</span> <span class="price">${hit.price.toFixed(2)}</span> ${hit.currency}`,
    },
  }),
  widgets.pagination({ container: "#pages" }),
]);
search.start();
