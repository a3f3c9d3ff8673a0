"""Unit tests are pure; integration and e2e tests run against the real servers that `tests/conftest.py` starts."""
