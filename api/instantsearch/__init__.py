"""The requests and answers of InstantSearch in terms of ours, and back. Pure."""
