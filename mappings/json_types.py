"""Names for JSON objects of which others say what is in them: Elasticsearch, clients, and schemas of documentation."""

from typing import Any

# Any JSON object.
Json = dict[str, Any]
# For Elasticsearch: a query, or a filter in one.
Clause = Json
# Aggregations to ask for, by name.
Aggregations = Json
# The body of one search.
Body = Json
# The answer to one search, or a part of it.
Response = Json
