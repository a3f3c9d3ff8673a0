"""InstantSearch, with and without Elasticsearch."""

from typing import Any

from tests.recording.cases.search import SERVERS
from tests.recording.steps import ServerName, Step, get, send

PATH = "/api/v1/instantsearch"
LEVEL = "hierarchicalCategories.lvl"
PARAMS: dict[str, Any] = {
    "words": {"query": "laptop", "facets": ["brand", "price", "attr.color"]},
    "everything": {"query": "", "hitsPerPage": 3, "page": 1},
    "all facets": {"query": "shirt", "facets": ["*"]},
    "as an address": "query=lamp&hitsPerPage=5&facets=%5B%22brand%22%5D&facetFilters=%5B%5B%22brand%3AKyusu%22%5D%5D",
    "typing error": {
        "query": "headphnes",
        "highlightPreTag": "__ais-highlight__",
        "highlightPostTag": "__/ais-highlight__",
    },
    "marks": {"query": "poster", "highlightPreTag": "<mark>", "highlightPostTag": "</mark>"},
    "choices": {"facetFilters": [["brand:Norvane", "brand:Weft"], "attr.color:red"], "facets": ["brand", "attr.color"]},
    "left out": {"query": "laptop", "facetFilters": ["brand:-Norvane"], "facets": "brand"},
    "values that must all hold": {"facetFilters": ["attr.color:red", "attr.color:blue"], "facets": ["attr.color"]},
    "numbers": {
        "numericFilters": ["price>=10", "price<40", "attr.weight_g:500 TO 1500"],
        "facets": ["price", "attr.weight_g"],
    },
    "numbers of choices": {"numericFilters": [["price<5", "price>1000"]]},
    "filters in words": {"filters": 'brand:"Norvane" AND (attr.color:silver OR attr.color:black) AND price > 40'},
    "levels": {"facets": [f"{LEVEL}0", f"{LEVEL}1", f"{LEVEL}2"], "facetFilters": [[f"{LEVEL}1:Devices > Laptops"]]},
    "category by path": {"facets": ["category"], "facetFilters": ["category:kitchen/cups"]},
    "flags": {"facets": ["in_stock", "on_sale"], "facetFilters": [["in_stock:true"]]},
    "no hits": {"query": "laptop", "hitsPerPage": 0, "facets": ["brand"], "maxValuesPerFacet": 2},
    "past the end": {"query": "laptop", "page": 999},
    "nothing found": {"query": "zzqxw"},
    "ignored": {"query": "lamp", "analytics": False, "clickAnalytics": True, "userToken": "x", "distinct": True},
}
MISTAKES: dict[str, Any] = {
    "unknown facet": {"facets": ["colour"]},
    "not before brackets": {"filters": "NOT (brand:a OR brand:b)"},
    "and beside or": {"filters": "brand:a AND brand:b OR brand:c"},
    "tags": {"tagFilters": ["a"]},
    "places": {"aroundLatLng": "1,2"},
    "offset": {"offset": 1, "length": 2},
    "too many hits": {"hitsPerPage": 101},
    "negative page": {"page": -1},
    "number of letters": {"numericFilters": ["price>cheap"]},
    "brackets left open": {"filters": "(brand:a"},
    "too long": {"query": "x" * 201},
}


def _searches(server: ServerName) -> list[Step]:
    where = "instantsearch" if server == "main" else "degraded instantsearch"
    steps: list[Step] = [
        send(
            f"{where}: {name}",
            "POST",
            PATH,
            {"requests": [{"indexName": "products", "params": params}]},
            where,
            server=server,
        )
        for name, params in PARAMS.items()
    ]
    steps += [
        send(
            f"{where}: index {sort}",
            "POST",
            PATH,
            [{"indexName": f"products_{sort}", "query": "shirt"}],
            where,
            server=server,
        )
        for sort in ("price_asc", "price_desc", "newest", "popularity", "name")
    ]
    return [
        *steps,
        send(
            f"{where}: facet values",
            "POST",
            PATH,
            [
                {"indexName": "products", "params": {"query": ""}, "facetName": "brand", "facetQuery": "no"},
                {
                    "indexName": "products",
                    "type": "facet",
                    "facet": "attr.color",
                    "params": {"facetQuery": "bl", "maxFacetHits": 2, "query": "laptop"},
                },
            ],
            where,
            server=server,
        ),
        send(
            f"{where}: several",
            "POST",
            PATH,
            [{"indexName": "products", "params": params} for params in list(PARAMS.values())[:4]],
            where,
            server=server,
        ),
        send(
            f"{where}: forced",
            "POST",
            PATH,
            [{"indexName": "products", "params": PARAMS["words"]}],
            where,
            server=server,
            credential="key-norvane",
        ),
    ]


STEPS: list[Step] = [
    *(step for server in SERVERS for step in _searches(server)),
    *(
        send(
            f"instantsearch refused: {name}",
            "POST",
            PATH,
            [{"indexName": "products", "params": params}],
            "instantsearch",
        )
        for name, params in MISTAKES.items()
    ),
    send("instantsearch refused: index", "POST", PATH, [{"indexName": "nothing", "params": {}}], "instantsearch"),
    send("instantsearch refused: none", "POST", PATH, {"requests": []}, "instantsearch"),
    send("instantsearch refused: too many", "POST", PATH, [{"indexName": "products"}] * 21, "instantsearch"),
    send("instantsearch refused: no list", "POST", PATH, {"request": 1}, "instantsearch"),
    send(
        "instantsearch refused: scope",
        "POST",
        PATH,
        [{"indexName": "products"}],
        "instantsearch",
        credential="key-none",
    ),
    get("instantsearch refused: method", PATH, "instantsearch"),
]
