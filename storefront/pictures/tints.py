"""The colours of drawn pictures, by the names that catalogues use."""

TINTS = {
    "black": "#343842", "white": "#eceef1", "gray": "#8d949f", "grey": "#8d949f", "silver": "#b7bec8",
    "graphite": "#4c525d", "charcoal": "#444a54", "navy": "#27406f", "blue": "#2f6fd0", "sky blue": "#7db8e8",
    "teal": "#1f8a86", "turquoise": "#35b5ad", "mint": "#93d3b7", "green": "#3d9a5b", "olive": "#75793f",
    "sage": "#93a98b", "red": "#cf3f3f", "burgundy": "#7d2940", "coral": "#f0806b", "pink": "#e58fb0",
    "rose gold": "#d9a08f", "purple": "#7a56b3", "lavender": "#b3a3dd", "yellow": "#eec43c", "mustard": "#cf9f2f",
    "orange": "#e8833a", "beige": "#d8c6a8", "sand": "#d3bd97", "cream": "#ece0c6", "ivory": "#efe9d8",
    "brown": "#855a3c", "tan": "#bd8d5c", "gold": "#cfa64a", "copper": "#b9724a", "oak": "#c69c6a",
    "walnut": "#7a5540", "natural": "#cdb18a", "khaki": "#a99a6b", "violet": "#8757b8",
}  # fmt: skip
"""Name -> main colour of the object."""

MIXED = ("blue", "teal", "coral", "mustard", "sage", "navy", "lavender", "green", "orange", "graphite", "red", "tan")
"""For products that name no colour."""


def lightness(color: str) -> float:
    """0 for black, 1 for white."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.3 * red + 0.59 * green + 0.11 * blue


def mixed(color: str, with_color: str, share: float) -> str:
    """'#rrggbb' with `share` (0 to 1) of another colour in it."""
    pairs = ((int(color[at : at + 2], 16), int(with_color[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)
