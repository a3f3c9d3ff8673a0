"""Celery: the app, its schedule, tasks of a few lines each, and the pump that wakes them."""
