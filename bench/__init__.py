"""Benchmarks on servers of their own: each figure beside a reference that was measured in the same run."""
