"""Python's garbage collector in processes that build documents or answer searches.

Both make tens of thousands of dicts and lists, none in a cycle. With the default threshold the collector walks them
dozens of times, and now and then everything that was ever imported: a third of the time that building documents
takes, and a pause in the middle of somebody's search.
"""

import gc

# More than the containers of one batch of documents or one search: it is gone before anybody looks for cycles in it.
THRESHOLD = 50_000


def calm_collector() -> None:
    """Call it once in a process, when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(THRESHOLD, 20, 20)
