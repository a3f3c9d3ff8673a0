"""The back-end that answers from Postgres while Elasticsearch is away. Only `reader` talks to it."""
