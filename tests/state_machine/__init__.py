"""A state machine over the real servers: whatever happens in whatever order, the index ends equal to Postgres."""
