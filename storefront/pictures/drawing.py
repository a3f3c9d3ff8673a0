"""Shape, tint, view -> SVG. Pure."""

from functools import lru_cache

from storefront.pictures.shapes import SHAPES
from storefront.pictures.tints import TINTS, lightness, mixed

VIEWS = 3
_INK = {
    "k": "#2b2f3a", "g": "#9aa1ad", "h": "#d6dae1", "w": "#ffffff", "a": "#f2b134", "b": "#b98a5a", "r": "#d9534f",
    "v": "#5aa469", "s": "url(#s)", "m": "url(#m)",
}  # fmt: skip
# Where the object stands in each view: whole, near by, turned around.
_PLACE = ("", "translate(-56 -44) scale(1.5)", "translate(186 14) scale(-.86 .86)")
_ATTRIBUTES = {"r": ("x", "y", "width", "height", "rx"), "c": ("cx", "cy", "r"), "e": ("cx", "cy", "rx", "ry")}
_ELEMENTS = {"r": "rect", "c": "circle", "e": "ellipse"}


@lru_cache(maxsize=2048)
def draw(shape: str, tint: str, view: int) -> str:
    """An SVG document of 200 x 200. Raises KeyError for an unknown shape or tint."""
    color = TINTS[tint]
    # A pale object would be lost on a pale ground.
    ground = mixed(color, "#ffffff", 0.86 - 0.05 * view) if lightness(color) < 0.8 else mixed(color, "#4b5468", 0.16)
    colors = _INK | {"M": color, "d": mixed(color, "#10131c", 0.32), "l": mixed(color, "#ffffff", 0.42)}
    parts = "".join(_part(part.split(), colors) for part in SHAPES[shape])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><defs>'
        f"{_gradient('m', mixed(color, '#ffffff', 0.16), mixed(color, '#10131c', 0.1))}"
        f"{_gradient('s', '#3f6db8', '#8fd0d8')}{_gradient('g', mixed(ground, '#ffffff', 0.55), ground)}</defs>"
        f'<path fill="url(#g)" d="M0 0h200v200H0z"/><g transform="{_PLACE[view]}">'
        f'<ellipse cx="100" cy="171" rx="66" ry="6" fill="#10131c" opacity=".1"/>{parts}</g></svg>'
    )


def _gradient(name: str, top: str, bottom: str) -> str:
    stops = f'<stop stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/>'
    return f'<linearGradient id="{name}" x2=".35" y2="1">{stops}</linearGradient>'


def _part(words: list[str], colors: dict[str, str]) -> str:
    """One part as shapes are written: `r x y width height rounding color`, `c x y radius color`, `e x y rx ry color`,
    `p path color`, `s path width color` (a line with round ends). A colour may end in its opacity: `w.3`.
    """
    kind, *numbers, ink = words
    letter, dot, opacity = ink.partition(".")
    color = colors[letter] + (f'" opacity=".{opacity}' if dot else "")
    if kind == "p":
        return f'<path d="{numbers[0]}" fill="{color}"/>'
    if kind == "s":
        line = f'fill="none" stroke-width="{numbers[1]}" stroke-linecap="round" stroke-linejoin="round"'
        return f'<path d="{numbers[0]}" {line} stroke="{color}"/>'
    attributes = " ".join(f'{name}="{value}"' for name, value in zip(_ATTRIBUTES[kind], numbers, strict=True))
    return f'<{_ELEMENTS[kind]} {attributes} fill="{color}"/>'
