"""What ends a benchmark before it has a figure."""

from catalog.errors import CatalogError


class BenchError(CatalogError):
    """Work that did not finish: there is nothing to report."""

    title = "Benchmark not finished"
