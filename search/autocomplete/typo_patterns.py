"""The patterns of words that begin nearly as something is typed. Pure."""

from search.text.fuzzy import edits_allowed, singular

# What may stand for a letter: an index has words without accents. (Any character at all costs twice as much.)
_LETTER = "[a-z0-9]"
SHORTEST_PLURAL = 5


def mistyped(part: str) -> str:
    """The pattern of words that begin with `part` or with something one edit away from it; two for long words.

    The first letter is as typed. Of two edits, one is in the first half and one in the second. A plural also stands
    for its singular, which is how some fields have it.
    """
    first, rest = part[0], (singular(part) if len(part) >= SHORTEST_PLURAL else part)[1:]
    if edits_allowed(part) == 1:
        return f"{first}{_one_edit(rest)}.*"
    half = len(rest) // 2
    return f"{first}{_one_edit(rest[:half])}{_one_edit(rest[half:])}.*"


def _one_edit(text: str) -> str:
    """The pattern of this text with at most one letter changed, added, left out, or swapped with the next."""
    patterns = dict.fromkeys([text])
    for place in range(len(text)):
        before, after = text[:place], text[place + 1 :]
        patterns |= dict.fromkeys([f"{before}{_LETTER}{after}", f"{before}{_LETTER}{text[place:]}", before + after])
        if after:
            patterns[f"{before}{after[0]}{text[place]}{after[1:]}"] = None
    return f"({'|'.join(patterns)})"
