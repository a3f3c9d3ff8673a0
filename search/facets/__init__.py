"""Facets: the aggregations that count them, and what is shown of the counts. Pure."""
