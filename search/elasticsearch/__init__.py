"""The back-end that answers from Elasticsearch. Only `engine` talks to it."""
