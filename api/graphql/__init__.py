"""The GraphQL door at `/graphql`: types, limits and errors over the same service as every other door."""
