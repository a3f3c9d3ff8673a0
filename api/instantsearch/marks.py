"""Text with marks around what was found, in the tags that were asked for. Pure.

With tags of HTML the text between them is escaped, because what comes out is HTML. With others, such as those of
InstantSearch, which escapes the text itself and then puts its own tags in, the text stays as it is.
"""

import html
import re
from collections.abc import Iterable

from mappings.folding import base_letters

_WORD = re.compile(r"[^\W_]+")
_FOUND = re.compile(r"<em>(.*?)</em>", re.DOTALL)

Tags = tuple[str, str]


def from_html(text: str, tags: Tags) -> tuple[str, list[str], bool]:
    """Our highlight, escaped and with <em>, in other tags; what was marked, and whether that is all of it."""
    parts = _FOUND.split(text)
    shown = [_plain(html.unescape(part), tags) for part in parts]
    shown[1::2] = [f"{tags[0]}{part}{tags[1]}" for part in shown[1::2]]
    words = [html.unescape(part).lower() for part in parts[1::2]]
    return "".join(shown), list(dict.fromkeys(words)), bool(words) and not any(part.strip() for part in parts[::2])


def from_words(text: str, words: Iterable[str], tags: Tags) -> tuple[str, list[str], bool]:
    """The beginnings of words that were typed are marked."""
    typed = [part for word in words for part in _WORD.findall(base_letters(word))]
    shown, marked_words, place = [], [], 0
    for word in _WORD.finditer(text):
        folded = base_letters(word[0])
        length = max((len(part) for part in typed if folded.startswith(part)), default=0)
        if not length:
            continue
        # Where folding changes how long a word is, the whole of it.
        end = word.start() + length if len(folded) == len(word[0]) else word.end()
        shown += [_plain(text[place : word.start()], tags), tags[0], _plain(text[word.start() : end], tags), tags[1]]
        marked_words.append(text[word.start() : end].lower())
        place = end
    rest = text[place:]
    return (
        "".join([*shown, _plain(rest, tags)]),
        list(dict.fromkeys(marked_words)),
        len(marked_words) == 1 and text.lower() == marked_words[0],
    )


def _plain(text: str, tags: Tags) -> str:
    return html.escape(text) if any("<" in tag for tag in tags) else text
