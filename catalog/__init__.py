"""The truth: settings, errors, logging, sessions, models and services of the catalogue, and the sync ledger."""
