"""REST: each endpoint parses, calls one thing, answers."""
