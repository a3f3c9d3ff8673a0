"""What products look like: the drawings in `shapes/*.txt`, read once.

A drawing is `name: part; part; …`, further lines indented; `storefront.pictures.drawing` explains the parts.
"""

import re
from pathlib import Path

_DRAWING = re.compile(r"^(\S[^:]*):((?:.*\n)(?:[ ].*\n)*)", re.MULTILINE)


def _read(folder: Path) -> dict[str, tuple[str, ...]]:
    texts = (file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.txt")))
    return {
        match[1]: tuple(part.strip() for part in match[2].split(";"))
        for text in texts
        for match in _DRAWING.finditer(text)
    }


SHAPES = _read(Path(__file__).with_name("shapes"))
"""Name -> parts, in the order in which they are painted."""
