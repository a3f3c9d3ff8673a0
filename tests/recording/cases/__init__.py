"""The requests of a recording, a module for each interface. Their order is the order in which they are sent."""

from tests.recording.cases import (
    accounts,
    admin,
    autocomplete,
    categories,
    descriptions,
    graphql,
    graphql_changes,
    grpc,
    instantsearch,
    limited,
    live,
    orders,
    products,
    search,
    search_errors,
    storefront,
    synonyms,
)
from tests.recording.steps import Step

# Requests that only read come first: a change leaves deleted documents in the index, which count in its scores.
READS: tuple[Step, ...] = (
    *descriptions.STEPS,
    *search.STEPS,
    *search_errors.STEPS,
    *autocomplete.STEPS,
    *graphql.STEPS,
    *grpc.READS,
    *instantsearch.STEPS,
    *storefront.STEPS,
    *products.READS,
    *categories.READS,
    *limited.STEPS,
)
WRITES: tuple[Step, ...] = (
    *products.WRITES,
    *categories.WRITES,
    *synonyms.STEPS,
    *graphql_changes.STEPS,
    *grpc.WRITES,
    *orders.STEPS,
    *accounts.STEPS,
    *live.STEPS,
    *admin.STEPS,
)
STEPS = (*READS, *WRITES)
