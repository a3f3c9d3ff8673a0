"""One table of cases through every front door: the same ids, totals, facets, errors and rights behind each."""
