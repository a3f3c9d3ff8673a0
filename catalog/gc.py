"""Python's garbage collector in processes that build documents or answer searches.

Both make tens of thousands of dicts and lists, none in a cycle. With the default threshold the collector walks them
dozens of times, and now and then everything that was ever imported: a third of the time that building documents
takes, and a pause in the middle of a search.
"""

import gc

# More than the containers of one batch of documents or one search: those are gone before the collector looks for any.
# In allocations less deallocations, as gc.set_threshold() counts.
THRESHOLD_ALLOCATIONS = 50_000


def tune_gc() -> None:
    """Call it once in a process, when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(THRESHOLD_ALLOCATIONS, 20, 20)
