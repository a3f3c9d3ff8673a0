"""What to do about a request, before any syntax of a back-end: the plan and what it is decided from. Pure."""
