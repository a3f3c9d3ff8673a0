"""GraphQL: questions, errors, limits, the schema."""

import re
from typing import Any

from tests.recording.cases.queries import COMPLETIONS, some
from tests.recording.cases.search import SERVERS
from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import HttpRequest, ServerName, Step, get, send

PATH = "/graphql"
CATEGORY = "category { id name path slug productCount }"
PRODUCT = f"""id sku name description price compareAtPrice currency onSale inventory gtin brand {CATEGORY}
    images {{ id url alt position }} attributes variants {{ id sku price inventory options position }} status
    publishFrom publishUntil popularity createdAt updatedAt version"""
HIT = f"""position id sku name brand {CATEGORY} price currency inStock image highlight
    variant {{ sku price inStock options }} pinned score missing"""
SEARCH = f"""query ($q: String, $filters: SearchFilters, $sort: SearchSort!, $page: Int!, $perPage: Int!,
                     $facets: [String!]) {{
    search(q: $q, filters: $filters, sort: $sort, page: $page, perPage: $perPage, facets: $facets) {{
        queryId text total {{ value exact }} hits {{ {HIT} }} page perPage nextCursor correctedTo droppedTerms
        interpreted {{ words match identifier readings synonyms categories {{ path share }} attributes }} appliedRules
        facets {{ name label type values {{ value label count selected level }} totalValues min max unit
                  buckets {{ from to label count }} }}
        suggestions {{ withoutFilters queries {{ text }} categories {{ value id text label }} popular {{ {HIT} }} }}
        redirect banners degraded tookMs ageSeconds }} }}"""
COMPLETE = """query ($q: String!, $limit: Int!, $category: String) {
    autocomplete(q: $q, limit: $limit, category: $category) {
    query degraded tookMs sections { queries { text highlight count } brands { text highlight value count }
        products { id sku text highlight brand price currency image inStock }
        categories { text highlight value label id count } } } }"""
_BOUND = re.compile(r"attr\.(.+)_(min|max)")
QUESTIONS = {
    "product": f'{{ product(id: "{product_id("TEE")}") {{ {PRODUCT} }} }}',
    "product of many letters": f'{{ product(id: "{product_id("JA-1")}") {{ {PRODUCT} }} }}',
    "draft": f'{{ product(id: "{product_id("DRAFT")}") {{ {PRODUCT} }} }}',
    "unknown product": f'{{ product(id: "{UNKNOWN}") {{ id }} }}',
    "no id": '{ product(id: "42") { id } }',
    "products": "{ products(perPage: 3) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } "
    "edges { cursor node { sku name } } } }",
    "products searched": '{ products(search: "laptop", category: "devices") { totalCount edges { node { sku } } } }',
    "products, refused": "{ products(perPage: 101, page: 0) { totalCount } }",
    "products, forged cursor": '{ products(after: "forged") { totalCount } }',
    "categories": "{ categories { id name path slug productCount parent { id } children { name productCount children "
    "{ name path products(perPage: 2) { totalCount edges { node { sku } } } } } } }",
    "all categories": "{ categories(all: true) { path productCount } }",
    "hits with products": '{ search(q: "shirt") { hits { sku product { sku description inventory } } } }',
    "exact": '{ search(q: "headphnes", exact: true) { total { value } correctedTo hits { sku } } }',
    "search refused": '{ search(q: "laptop", page: 0, perPage: 101, facets: ["colour"]) { total { value } } }',
    "search, forged cursor": '{ search(cursor: "forged") { total { value } } }',
    "aliases": '{ a: search(q: "laptop") { total { value } } b: autocomplete(q: "la") { query } }',
    "type names": "{ __typename search { __typename hits { __typename } } }",
    "unknown field": "{ search { nothing } }",
    "unknown argument": '{ search(query: "laptop") { total { value } } }',
    "syntax": "{ search(",
    "empty": "",
    "wrong type": '{ search(page: "one") { total { value } } }',
    "unknown sort": "{ search(sort: best) { total { value } } }",
    "two operations": "query A { __typename } query B { __typename }",
    "subscription": "subscription { products { id } }",
    "fragments in a circle": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "too deep": "{ categories " + "{ children " * 14 + "{ id }" + " }" * 14 + " }",
    "too many aliases": "{ " + " ".join(f"a{number}: __typename" for number in range(40)) + " }",
    "too many roots": "{ " + " ".join(f"a{number}: categories {{ id }}" for number in range(12)) + " }",
    "too costly": "{ products(perPage: 100) { edges { node { category { products(perPage: 100) { edges { node { id "
    "category { products(perPage: 100) { totalCount edges { node { id } } } } } } } } } } } }",
    "too many tokens": "{ " + "__typename " * 2500 + "}",
    "explanation of an unknown directive": "{ __typename @nothing }",
    "skipped": "{ search { total { value @skip(if: true) exact } } }",
}
INTROSPECTION = """{ __schema { queryType { name } mutationType { name } subscriptionType { name }
    directives { name description locations isRepeatable args { name description type { ...t } defaultValue } }
    types { kind name description specifiedByURL interfaces { name } possibleTypes { name }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
        inputFields(includeDeprecated: true) { name description type { ...t } defaultValue }
        fields(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...t }
            args(includeDeprecated: true) { name description type { ...t } defaultValue } } } } }
    fragment t on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"""


def ask(name: str, query: str, variables: dict[str, Any] | None = None, **options: Any) -> HttpRequest:
    body = {"query": query} | ({"variables": variables} if variables is not None else {})
    return send(f"graphql: {name}", "POST", PATH, body, "graphql", **options)


def variables_of(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The variables of SEARCH for parameters of REST."""
    values = dict(pairs)
    filters: dict[str, Any] = {}
    attributes: dict[str, dict[str, Any]] = {}
    for name, value in pairs:
        if bound := _BOUND.fullmatch(name):
            attributes.setdefault(bound[1], {"name": bound[1]})[bound[2]] = float(value)
        elif name.startswith("attr."):
            attributes.setdefault(name[5:], {"name": name[5:]}).setdefault("values", []).append(value)
        elif name == "brand":
            filters.setdefault("brand", []).append(value)
        elif name == "category":
            filters["category"] = value
        elif name in ("price_min", "price_max"):
            filters["priceMin" if name == "price_min" else "priceMax"] = value
        elif name in ("in_stock", "on_sale"):
            filters["inStock" if name == "in_stock" else "onSale"] = value == "true"
    if attributes:
        filters["attributes"] = list(attributes.values())
    facets = values["facets"].split(",") if "facets" in values else None
    page, per_page = int(values.get("page", 1)), int(values.get("per_page", 20))
    return {
        "q": values.get("q"),
        "filters": filters,
        "sort": values.get("sort", "relevance"),
        "page": page,
        "perPage": per_page,
        "facets": facets,
    }


def _searches(server: ServerName) -> list[Step]:
    where = "" if server == "main" else "degraded "
    searches: list[Step] = [
        ask(f"{where}search, {name}", SEARCH, variables_of(pairs), credential=credential, server=server)
        for name, pairs, credential in some()
    ]
    completions = [
        ask(
            f"{where}autocomplete, {name}",
            COMPLETE,
            {"q": dict(pairs).get("q", ""), "limit": 5},
            credential=credential,
            server=server,
        )
        for name, pairs, credential in COMPLETIONS[2:12] + COMPLETIONS[-5:]
    ]
    return [*searches, *completions]


_CURSOR = """query ($after: String) { products(perPage: 3, after: $after) {
    pageInfo { hasPreviousPage endCursor } edges { node { sku } } } }"""
_WALK = 'query ($cursor: String) { search(q: "garden chair", perPage: 5, cursor: $cursor) { nextCursor hits { sku } } }'
_BODY = {"query": "{ __typename }"}

STEPS: list[Step] = [
    ask("schema", INTROSPECTION),
    *(step for server in SERVERS for step in _searches(server)),
    *(ask(name, query) for name, query in QUESTIONS.items()),
    ask("draft, by an editor", QUESTIONS["draft"], credential="editor"),
    ask("products, key-norvane", QUESTIONS["products"], credential="key-norvane"),
    ask("categories, key-wear", QUESTIONS["categories"], credential="key-wear"),
    ask("hidden by a filter", QUESTIONS["product"], credential="key-norvane"),
    ask("key without the right", QUESTIONS["products"], credential="key-search"),
    ask("key without any right", QUESTIONS["exact"], credential="key-none"),
    ask("bad token", QUESTIONS["exact"], headers={"Authorization": "Bearer nonsense"}),
    ask("second page by cursor", _CURSOR, {"after": None}, saves={"end": "data.products.pageInfo.endCursor"}),
    ask("third page by cursor", _CURSOR, {"after": "${end}"}),
    ask("walk", _WALK, {"cursor": "*"}, saves={"walk": "data.search.nextCursor"}),
    ask("walk on", _WALK, {"cursor": "${walk}"}),
    ask("missing variable", SEARCH, {}),
    ask("wrong variable", SEARCH, {"q": 1, "sort": "best", "page": "x", "perPage": None}),
    ask("unknown variable", "{ __typename }", {"nothing": 1}),
    ask("accepts the response type", "{ nothing }", headers={"Accept": "application/graphql-response+json"}),
    send(
        "graphql: operation by name",
        "POST",
        PATH,
        {"query": QUESTIONS["two operations"], "operationName": "B"},
        "graphql",
    ),
    send(
        "graphql: unknown operation",
        "POST",
        PATH,
        {"query": QUESTIONS["two operations"], "operationName": "C"},
        "graphql",
    ),
    send("graphql: batch", "POST", PATH, [_BODY, _BODY], "graphql"),
    send("graphql: no query", "POST", PATH, {}, "graphql"),
    send("graphql: unknown key", "POST", PATH, _BODY | {"x": 1}, "graphql"),
    send("graphql: no json", "POST", PATH, None, "graphql", content=b"{", headers={"Content-Type": "application/json"}),
    send(
        "graphql: form",
        "POST",
        PATH,
        None,
        "graphql",
        content=b"query=x",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    get("graphql: by address", f"{PATH}?query={{__typename}}", "graphql"),
    ask("too large", "{ __typename } #" + "x" * 40_000),
]
