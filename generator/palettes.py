"""Colours, sizes and other axes that several departments share."""

from generator.grammar import Axis, Facts, axis, pick

_COLORS = {
    "black": "BLK", "white": "WHT", "gray": "GRY", "silver": "SLV", "graphite": "GPH", "navy": "NVY", "blue": "BLU",
    "sky blue": "SKY", "teal": "TEA", "green": "GRN", "olive": "OLV", "sage": "SGE", "red": "RED", "burgundy": "BGY",
    "coral": "COR", "pink": "PNK", "rose gold": "RSG", "purple": "PRP", "lavender": "LAV", "yellow": "YEL",
    "mustard": "MST", "orange": "ORG", "beige": "BEI", "sand": "SND", "cream": "CRM", "brown": "BRN", "tan": "TAN",
    "charcoal": "CHR", "gold": "GLD", "copper": "CPR", "oak": "OAK", "walnut": "WAL", "turquoise": "TRQ", "mint": "MNT",
}  # fmt: skip


def colors(names: str, *, most: int = 4) -> Axis:
    """An axis of these colours ("black|sky blue"); the name shows them in title case."""
    group = axis("color", [(name, _COLORS[name]) for name in names.split("|")], most=most, says="Choose from {2}.")
    shown = tuple(one._replace(after=f", {one.value.title()}") for one in group.group)
    return group._replace(group=shown)


def sizes(names: str, *, least: int = 4, most: int = 6, prefix: str = "") -> Axis:
    """An axis of sizes as text ("S|M|L", "8|8.5|9"); `prefix` is what the name puts before a single one ("Size ")."""
    values = [(name, name.upper().replace(" ", "").replace("/", "")) for name in names.split("|")]
    return axis("size", values, least=least, most=most, says="Sizes run from {0} to {1}.", label=", " + prefix + "{}")


def storage(*gigabytes: int, rise: float = 0.22, most: int = 3) -> Axis:
    """An axis of storage sizes; variants of a larger size cost more."""
    values: list[tuple[str, str, Facts]] = []
    for size in gigabytes:
        text = f"{size // 1000} TB" if size >= 1000 else f"{size} GB"
        values.append((text, text.replace(" ", "")[:-1], {"storage_gb": size}))
    return axis("storage", values, rise=rise, most=most, says="Storage runs from {0} to {1}.")


def lengths(*meters: float, rise: float = 0.25) -> Axis:
    """An axis of lengths in meters."""
    values: list[tuple[str, str, Facts]] = [(f"{m:g} m", f"{round(m * 100)}CM", {"length_m": m}) for m in meters]
    return axis("length", values, rise=rise, most=3, says="Lengths run from {0} to {1}.")


def volumes(*milliliters: int, rise: float = 0.6, most: int = 3) -> Axis:
    """An axis of contents in millilitres."""
    values: list[tuple[str, str, Facts]] = [(f"{ml} ml", f"{ml}ML", {"volume_ml": ml}) for ml in milliliters]
    return axis("volume", values, rise=rise, most=most, says="Choose from {2}.")


def packs(*counts: int, rise: float = 0.7) -> Axis:
    """An axis of pieces in a pack."""
    values: list[tuple[str, str, Facts]] = [
        (f"{n}-pack" if n > 1 else "single", f"P{n}", {"pieces": n}) for n in counts
    ]
    return axis("pack", values, rise=rise, most=3, says="Choose from {2}.")


TECH = colors("black|white|graphite|silver|navy|sage|rose gold|sand")
CASE = colors("black|navy|red|teal|lavender|sand|mint|coral")
PLAIN = colors("black|white|gray|silver")
HOME = colors("white|cream|gray|charcoal|sage|navy|mustard|burgundy")
WEAR = colors("black|white|navy|gray|olive|burgundy|sand|sky blue|charcoal|teal")
BRIGHT = colors("red|blue|green|yellow|orange|pink|purple|turquoise")
WOOD = colors("oak|walnut|white|black")
LEATHER = colors("black|brown|tan|burgundy|navy")
WARRANTY = pick("warranty_years", 1, 2, 2, 3, 5)
