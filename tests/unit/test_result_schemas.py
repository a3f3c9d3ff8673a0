"""Results and the public schemas that they are copied into by the names of fields: no field is in one of them alone."""

from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from pydantic import BaseModel

from api.graphql import autocomplete_types, products, search_types
from api.grpc.search_out import search_response
from api.rest import search_models
from catalog.v1 import product_service_pb2 as pb
from search import result
from search.result import Explanation, HitCategory, SearchResult, Suggestions, Variant, to_json
from tests.results import a_bucket, a_facet, a_hit, a_query, a_result, a_value

REST: list[tuple[type[result.Result], type[BaseModel]]] = [
    (result.CategoryShare, search_models.Near),
    (result.Interpretation, search_models.Interpreted),
    (result.Query, search_models.QueryOut),
    (result.Total, search_models.Total),
    (result.HitCategory, search_models.HitCategory),
    (result.Variant, search_models.HitVariant),
    (result.Explanation, search_models.Explanation),
    (result.Hit, search_models.Hit),
    (result.FacetValue, search_models.FacetValue),
    (result.FacetMatch, search_models.FacetValue),
    (result.Bucket, search_models.FacetBucket),
    (result.Facet, search_models.Facet),
    (result.FacetValuesResult, search_models.Facet),
    (result.NearbyQuery, search_models.NearbyQuery),
    (result.NearbyCategory, search_models.NearbyCategory),
    (result.Suggestions, search_models.Suggestions),
    (result.SearchResult, search_models.SearchOut),
    (result.QuerySuggestion, search_models.QuerySuggestion),
    (result.ProductSuggestion, search_models.ProductSuggestion),
    (result.CategorySuggestion, search_models.CategorySuggestion),
    (result.BrandSuggestion, search_models.BrandSuggestion),
    (result.Sections, search_models.Sections),
    (result.AutocompleteResult, search_models.AutocompleteOut),
]
GRAPHQL: list[tuple[type[result.Result], type[Any]]] = [
    (result.CategoryShare, search_types.NearCategory),
    (result.Interpretation, search_types.Interpreted),
    (result.Total, search_types.SearchTotal),
    (result.HitCategory, products.Category),
    (result.Variant, search_types.SearchVariant),
    (result.Hit, search_types.SearchHit),
    (result.FacetValue, search_types.FacetValue),
    (result.Bucket, search_types.FacetBucket),
    (result.Facet, search_types.Facet),
    (result.NearbyQuery, search_types.SuggestedQuery),
    (result.NearbyCategory, search_types.SuggestedCategory),
    (result.Suggestions, search_types.Suggestions),
    (result.SearchResult, search_types.SearchResult),
    (result.QuerySuggestion, autocomplete_types.QueryCompletion),
    (result.ProductSuggestion, autocomplete_types.ProductCompletion),
    (result.CategorySuggestion, autocomplete_types.CategoryCompletion),
    (result.BrandSuggestion, autocomplete_types.BrandCompletion),
    (result.Sections, autocomplete_types.AutocompleteSections),
    (result.AutocompleteResult, autocomplete_types.Autocomplete),
]
PROTO: list[tuple[type[result.Result], type[Message]]] = [
    (result.Query, pb.SearchQuery),
    (result.Total, pb.Total),
    (result.HitCategory, pb.Category),
    (result.Variant, pb.HitVariant),
    (result.Hit, pb.Hit),
    (result.FacetValue, pb.FacetValue),
    (result.Bucket, pb.FacetBucket),
    (result.Facet, pb.Facet),
    (result.SearchResult, pb.SearchResponse),
    (result.QuerySuggestion, pb.QuerySuggestion),
    (result.ProductSuggestion, pb.ProductSuggestion),
    (result.CategorySuggestion, pb.CategorySuggestion),
    (result.BrandSuggestion, pb.BrandSuggestion),
    (result.AutocompleteResult, pb.SuggestResponse),
]
# Fields of a GraphQL type that have resolvers, because no field of the result has their name.
RESOLVED = {
    "SearchResult": {"text", "corrected_to", "dropped_terms", "interpreted", "applied_rules"},
    "SearchHit": {"product"},
    "Category": {"slug", "product_count", "parent", "children", "products"},
}
# Fields of a result that a schema leaves out or spreads over its own.
LEFT_OUT = {"SearchResult": {"query"}, "SearchHit": {"explanation"}, "SuggestResponse": {"sections"}}


def name_of(pair: Any) -> str:
    return pair.__name__ if isinstance(pair, type) else str(pair)


@pytest.mark.parametrize(("of", "model"), REST, ids=name_of)
def test_rest_describes_every_field(of: type[result.Result], model: type[BaseModel]) -> None:
    described = [field.alias or name for name, field in model.model_fields.items()]
    assert set(described) == {field.encode_name for field in msgspec.structs.fields(of)}


@pytest.mark.parametrize(("of", "kind"), GRAPHQL, ids=name_of)
def test_graphql_has_every_field(of: type[result.Result], kind: type[Any]) -> None:
    fields = {field.python_name for field in kind.__strawberry_definition__.fields}
    assert fields - RESOLVED.get(kind.__name__, set()) == set(of.__struct_fields__) - LEFT_OUT.get(kind.__name__, set())


@pytest.mark.parametrize(("of", "message"), PROTO, ids=name_of)
def test_the_proto_has_every_field(of: type[result.Result], message: type[Message]) -> None:
    name = message.DESCRIPTOR.name
    fields = {field.name for field in message.DESCRIPTOR.fields}
    spread = set(result.Sections.__struct_fields__) if name == "SuggestResponse" else set()
    assert fields - spread == set(of.__struct_fields__) - LEFT_OUT.get(name, set())


def test_every_class_of_results_is_compared() -> None:
    classes = {cls for cls in vars(result).values() if isinstance(cls, type) and issubclass(cls, result.Result)}
    # The plan is there to be printed, so its public schema is any object.
    assert classes - {of for of, _ in REST} == {result.Result, result.PlanExplanation}


def test_every_field_of_a_result_is_copied_into_its_message() -> None:
    hit = a_hit(
        brand="Norvane", category=HitCategory("7", "Mugs", "home/mugs"), image="/1.png", highlight={"name": "m"},
        variant=Variant("M-L", 9.5, True, {"size": "L"}), pinned=True, missing=("steel",),
        explanation=Explanation({"mug": 1.5}, {"head": 0.5}, {}, 2.25),
    )  # fmt: skip
    facet = a_facet("price", a_value("a", 3, selected=True, level=1), type="range", min=1.0, max=2.0, unit="USD",
                    total_values=1, buckets=(a_bucket(1.0, 2.0, 3, "1–2"),))  # fmt: skip
    whole = a_result(
        hit, query=a_query("mug", corrected_to="mugs", dropped_terms=("x",), applied_rules=("r",)), facets=(facet,),
        next_cursor="n", redirect="/r", banners=({"text": "b"},), degraded=True, age_seconds=2.0,
        suggestions=Suggestions(3, (), (), (hit,)),
    )  # fmt: skip
    message = search_response(whole)
    hit_message, facet_message = message.hits[0], message.facets[0]
    parts = (message, message.query, hit_message, hit_message.variant, facet_message, *facet_message.values,
             *facet_message.buckets)  # fmt: skip
    unset = {
        f"{part.DESCRIPTOR.name}.{name}"
        for part in parts
        for name in set(part.DESCRIPTOR.fields_by_name).difference(field.name for field, _ in part.ListFields())
    }
    assert unset == {"SearchQuery.plan"}
    assert (hit_message.price, hit_message.variant.price) == ("9.00", "9.50")
    assert MessageToDict(message.suggestions)["popular"][0]["category"]["path"] == "home/mugs"


def test_a_field_with_a_default_is_in_the_json_only_where_it_says_something() -> None:
    plain, partial = (msgspec.json.decode(to_json(hit)) for hit in (a_hit(), a_hit(missing=())))
    assert partial.keys() - plain.keys() == {"missing"}
    assert msgspec.json.decode(to_json(a_bucket(None, 2.0, 1))) == {"from": None, "to": 2.0, "label": "", "count": 1}
    keys = list(msgspec.json.decode(to_json(a_result(age_seconds=1.0))))
    assert keys[-3:] == ["degraded", "took_ms", "age_seconds"]


def test_results_are_immutable() -> None:
    with pytest.raises(AttributeError):
        a_hit().price = 1.0  # type: ignore[misc]


def test_a_result_is_read_back_as_it_was_written() -> None:
    whole = a_result(a_hit(variant=Variant("V", 1.0, False, {})), facets=(a_facet("category", a_value("a", level=0)),))
    assert msgspec.json.decode(to_json(whole), type=SearchResult) == whole
