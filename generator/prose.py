"""Sentences of descriptions that depend on the noun: openings, articles, lists."""

from collections.abc import Sequence

LEAST_WORDS, MOST_WORDS = 30, 60

_ONE = (
    "The {{0}} {noun} is made for {use}.",
    "Made for {use}, the {{0}} {noun} does its work quietly and well.",
    "With {use} in mind, our buyers picked the {{0}} {noun} for its sound build and fair price.",
    "The {{0}} is {article} {noun} for {use}, put together with care and easy to live with.",
    "Looking for {article} {noun}? The {{0}} was designed for {use}.",
)
_MANY = (
    "The {{0}} {noun} are made for {use}.",
    "Made for {use}, the {{0}} {noun} do their work quietly and well.",
    "With {use} in mind, our buyers picked the {{0}} {noun} for their sound build and fair price.",
    "The {{0}} {noun} suit {use} and are easy to live with.",
    "Looking for {noun}? The {{0}} line was designed for {use}.",
)


def prose(noun: str) -> str:
    """The noun inside a sentence: "USB-C Charger" -> "USB-C charger"; abbreviations keep their capitals."""
    return " ".join(word.lower() if word[1:].islower() else word for word in noun.split(" "))


def article(phrase: str) -> str:
    """ "a" or "an", by the sound the phrase begins with."""
    head = phrase.split(" ")[0].split("-")[0]
    if head.isupper() and head.isalpha() and len(head) > 1:
        return "an" if head[0] in "AEFHILMNORSX" and head not in {"LAN", "RAM", "NAS"} else "a"
    if head.lower().startswith(("us", "uni", "eu", "one")):
        return "a"
    return "an" if head[0].lower() in "aeiou" else "a"


def openings(noun: str, uses: Sequence[str], plural: bool) -> tuple[str, ...]:
    """Every first sentence for the noun; `{0}` in each is brand and series."""
    text = prose(noun)
    patterns = _MANY if plural else _ONE
    return tuple(pattern.format(noun=text, use=use, article=article(text)) for use in uses for pattern in patterns)


def described(lead: str, sentences: Sequence[str], closings: Sequence[str], first: int) -> str:
    """The sentences as one paragraph of LEAST_WORDS to MOST_WORDS: lead, as many of `said` as fit, a closing.

    The closing is closings[first]; the ones before it follow while the text is too short.
    """
    middle = list(sentences)
    text = " ".join((lead, *middle, closings[first]))
    while middle and text.count(" ") >= MOST_WORDS:
        middle.pop()
        text = " ".join((lead, *middle, closings[first]))
    while text.count(" ") + 1 < LEAST_WORDS:
        first = (first - 1) % len(closings)
        text = f"{text} {closings[first]}"
    return text


def listed(words: Sequence[str]) -> str:
    """["black", "navy", "sand"] -> "black, navy and sand"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
