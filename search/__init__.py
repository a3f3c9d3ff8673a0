"""The read side: request -> plan -> query -> response, facets, suggestions. Only `engine` calls Elasticsearch."""
