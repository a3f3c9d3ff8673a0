"""Our answers as InstantSearch reads them. Pure."""

import math
from collections.abc import Iterator
from typing import Any

from api.instantsearch.filters import FLAGS, LEVEL, LEVELS_BY
from api.instantsearch.marks import from_html, from_words
from api.instantsearch.request import Asked, echoed, ours
from catalog.schemas.fields import slugify
from search.request import MAX_WINDOW

Answer = dict[str, Any]
# Under which the tree is answered where every facet is asked for.
LEVELS = "hierarchicalCategories.lvl"


def result_of(asked: Asked, found: Answer) -> Answer:
    """One of `results`."""
    total = found["total"]
    hits = [_hit(asked, found, hit) for hit in found["hits"]] if asked.shows_hits else []
    pages = min(math.ceil(total["value"] / asked.per_page), MAX_WINDOW // asked.per_page) if asked.per_page else 0
    whole = not found["degraded"]
    result: Answer = {
        "hits": hits,
        "nbHits": total["value"],
        "page": asked.page,
        "nbPages": pages,
        "hitsPerPage": asked.per_page,
        "exhaustiveNbHits": total["exact"],
        "exhaustiveFacetsCount": whole,
        "exhaustive": {"nbHits": total["exact"], "facetsCount": whole},
        "query": asked.query,
        "parsedQuery": found["query"]["corrected_to"] or asked.query,
        "queryID": found["query_id"],
        "params": echoed(asked),
        "index": asked.index,
        "processingTimeMS": math.ceil(found["took_ms"]),
        "renderingContent": {},
        "degraded": found["degraded"],
        **({"ageSeconds": found["age_seconds"]} if "age_seconds" in found else {}),
    }
    if asked.facets:
        shown = {facet["name"]: facet for facet in found["facets"]}
        names = list(_every(shown)) if asked.every_facet else asked.facets
        result["facets"] = {name: _counts(name, shown.get(ours(name)), total, asked.most_values) for name in names}
        stats = {name: _stats(shown.get(ours(name))) for name in names}
        result["facets_stats"] = {name: held for name, held in stats.items() if held}
        if asked.every_facet:
            result["renderingContent"] = {"facetOrdering": {"facets": {"order": names}}}
    return result


def facet_hits_of(asked: Asked, facet: Answer) -> Answer:
    """The answer to a search within the values of a facet."""
    held = [value for value in facet["values"] if value["count"]]
    return {
        "facetHits": [
            {
                "value": value["value"],
                "highlighted": from_words(_shown(value), [asked.facet_query], asked.tags)[0],
                "count": value["count"],
            }
            for value in held[: asked.facet_hits]
        ],
        "exhaustiveFacetsCount": True,
        "processingTimeMS": 0,
    }


def _shown(value: Answer) -> str:
    """Categories are looked for by their names."""
    text: str = value["label"] if "level" in value else value["value"]
    return text


def _every(shown: dict[str, Answer]) -> Iterator[str]:
    for name, facet in shown.items():
        if name == "category":
            depth = max((value["level"] for value in facet["values"]), default=0)
            yield from (f"{LEVELS}{level}" for level in range(depth + 1))
        yield name


def _counts(name: str, facet: Answer | None, total: Answer, most: int) -> dict[str, int]:
    """Products by value, the commonest first; what no product has is left out."""
    if facet is None:
        return {}
    if level := LEVEL.fullmatch(name):
        counts = _of_level(facet["values"], int(level[1]))
    else:
        counts = {value["value"]: value["count"] for value in facet["values"]}
    if name in FLAGS and total["exact"]:
        counts["false"] = total["value"] - counts.get("true", 0)
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return {value: count for value, count in ordered[:most] if count}


def _of_level(values: list[Answer], level: int) -> dict[str, int]:
    """'Audio > Headphones' of 'audio/headphones'. A category that is called otherwise than its address is shown by
    its address: with its name it could not be chosen."""
    labels = {value["value"]: value["label"] for value in values}

    def names(path: str) -> str:
        slugs = path.split("/")
        paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
        found = (labels.get(held, slug) for held, slug in zip(paths, slugs, strict=True))
        pairs = zip(found, slugs, strict=True)
        return LEVELS_BY.join(label if ">" not in label and slugify(label) == slug else slug for label, slug in pairs)

    return {names(value["value"]): value["count"] for value in values if value["level"] == level}


def _stats(facet: Answer | None) -> dict[str, float] | None:
    """The ends of what is a number."""
    if facet is None:
        return None
    if facet["type"] == "range":
        return None if facet["min"] is None else {"min": facet["min"], "max": facet["max"]}
    if facet["name"] in FLAGS or not facet["name"].startswith("attr."):
        return None
    try:
        numbers = [float(value["value"]) for value in facet["values"] if value["count"]]
    except ValueError:
        return None
    return {"min": min(numbers), "max": max(numbers)} if numbers and all(map(math.isfinite, numbers)) else None


def _hit(asked: Asked, found: Answer, hit: Answer) -> Answer:
    words = found["query"]["interpreted"]["words"] or asked.query.split()
    held = {name: value for name, value in hit.items() if name not in ("highlight", "position")}
    marked = {
        name: from_html(hit["highlight"][name], asked.tags)
        if name in hit["highlight"]
        else from_words(hit[name], words if asked.query else (), asked.tags)
        for name in ("name", "brand", "sku", "description")
        if name in hit["highlight"] or hit.get(name)
    }
    described = {name: _level(*mark, len(words)) for name, mark in marked.items()}
    result: Answer = {"objectID": hit["id"], **held, "_highlightResult": described, "__position": hit["position"]}
    if asked.snippets:
        kept = ("value", "matchLevel")
        result["_snippetResult"] = {name: {key: mark[key] for key in kept} for name, mark in described.items()}
    return result


def _level(value: str, words: list[str], whole: bool, wanted: int) -> Answer:
    level = "none" if not words else "full" if len(words) >= wanted else "partial"
    return {"value": value, "matchLevel": level, "fullyHighlighted": whole, "matchedWords": words}
