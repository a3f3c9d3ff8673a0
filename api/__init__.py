"""Front doors over the catalogue's services: REST, health and metrics, authentication, limits."""
