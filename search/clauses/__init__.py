"""Parts of a plan as clauses of Elasticsearch: filters, text, weights, order. Pure."""
