"""Bulk loading: lines of products in, one result per line out. Used by `catalog import` and by REST's bulk endpoint.

A line passes through the modules in this order: `source` (bytes to lines), `records` or `csv_records` (a line to a
JSON value), `parse` (the value to a validated product), `load` (chunks, retries, results), and for each chunk
`taxonomy` (brands and categories) and `write` (staging tables and the set-based `statements`).
"""

from catalog.importing.csv_records import csv_records
from catalog.importing.load import CHUNK_SIZE, import_lines, import_records
from catalog.importing.records import MAX_LINE_BYTES, LineResult, Record, json_records
from catalog.importing.source import Source, open_source

__all__ = [
    "CHUNK_SIZE",
    "MAX_LINE_BYTES",
    "LineResult",
    "Record",
    "Source",
    "csv_records",
    "import_lines",
    "import_records",
    "json_records",
    "open_source",
]
