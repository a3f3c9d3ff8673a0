"""The shapes of InstantSearch's requests and results, for the documentation."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from mappings.json_types import Json


class _Camel(BaseModel):
    """InstantSearch's names. What is not described here may be there, too."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)


class Highlighted(_Camel):
    value: str
    match_level: str
    fully_highlighted: bool
    matched_words: list[str]


class InstantHit(_Camel):
    """The fields of a hit of `GET /api/v1/search`, and these."""

    object_id: str = Field(alias="objectID")
    highlight_result: dict[str, Highlighted] = Field(alias="_highlightResult")


class Result(_Camel):
    """A search answers all of these but `facetHits`, a search within a facet only that."""

    hits: list[InstantHit] | None = None
    nb_hits: int | None = None
    page: int | None = None
    nb_pages: int | None = None
    hits_per_page: int | None = None
    query: str | None = None
    query_id: str | None = Field(default=None, alias="queryID")
    params: str | None = None
    index: str | None = None
    facets: dict[str, dict[str, int]] | None = None
    facets_stats: dict[str, dict[str, float]] | None = Field(default=None, alias="facets_stats")
    facet_hits: list[Json] | None = None
    processing_time_ms: int = Field(alias="processingTimeMS")


class ResultsOut(BaseModel):
    results: list[Result]


_REQUEST: Json = {
    "type": "object",
    "required": ["indexName"],
    "properties": {
        "indexName": {"type": "string", "description": "`products`, or with a sort: `products_price_asc`"},
        "params": {"anyOf": [{"type": "object"}, {"type": "string"}]},
    },
}
_REQUESTS: Json = {"type": "array", "minItems": 1, "maxItems": 20, "items": _REQUEST}
REQUESTS_BODY: Json = {
    "anyOf": [{"type": "object", "required": ["requests"], "properties": {"requests": _REQUESTS}}, _REQUESTS],
    "example": {
        "requests": [
            {
                "indexName": "products",
                "params": {
                    "query": "headphones",
                    "facets": ["brand", "price"],
                    "facetFilters": [["brand:Norvane"]],
                    "numericFilters": ["price<=100"],
                },
            }
        ]
    },
}
