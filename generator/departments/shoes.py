"""Shoes for women, men and children, and their care."""

from generator.grammar import Department, Kind, build, choice, flag, kind, pick
from generator.palettes import LEATHER, WEAR, lengths, packs, sizes, volumes

_WOMEN = sizes("5|5.5|6|6.5|7|7.5|8|8.5|9|9.5|10", least=4, most=7, prefix="Size ")
_MEN = sizes("7|7.5|8|8.5|9|9.5|10|10.5|11|12|13", least=4, most=7, prefix="Size ")
_KIDS = sizes("10K|11K|12K|13K|1Y|2Y|3Y|4Y", least=4, most=6, prefix="Size ")
_UPPER = pick(
    "material",
    "leather",
    "suede",
    "canvas",
    "recycled mesh",
    "vegan leather",
    label="{}",
    says="The {} upper is stitched, not just glued.",
)
_MESH = pick("material", "mesh", "knit", "recycled mesh", says="A {} upper lets warm air out.")
_DROP = pick("heel_drop_mm", 0, 4, 6, 8, 10, says="The drop from heel to toe is {} mm.")
_DRY = flag("waterproof", 0.4, "Waterproof", "A membrane keeps puddles out and lets sweat escape.", factor=1.2)
_SOLE = pick("sole", "rubber", "EVA foam", "cork", "crepe", says="The {} sole grips wet pavement.")

_COMMON = (
    ("Sneakers", "Sneakers|Low-top Sneakers|High-top Sneakers", 75, (480, 980), "cities, campuses and casual Fridays",
    (_UPPER, _SOLE, flag("vegan", 0.4)), 3),
    ("Running Shoes", "Running Shoes|Trail Running Shoes", 109, (380, 720), "first kilometers and new bests", (_MESH,
    _DROP, _DRY), 2),
    ("Boots", "Ankle Boots|Chelsea Boots|Winter Boots", 129, (780, 1900), "rain, slush and long autumns", (_UPPER,
    _DRY, flag("insulated", 0.4, "Insulated", "Fleece lines the inside.")), 1.8),
    ("Sandals", "Sandals|Slides|Flip-flops", 39, (240, 620), "beaches, balconies and hot tiles", (_SOLE, _UPPER,
    flag("adjustable", 0.6, says="Straps adjust with one hand.")), 1.4),
    ("Slippers", "Slippers|House Shoes", 32, (180, 460), "cold kitchens at six in the morning", (pick("material",
    "wool felt", "sheepskin", "fleece", label="{}", says="Thick {} hugs the foot."), _SOLE, flag("washable", 0.5)),
    1),
    ("Hiking Shoes", "Hiking Boots|Hiking Shoes", 139, (720, 1600), "stony paths and wet meadows", (_UPPER, _DRY,
    _SOLE), 1.3),
)  # fmt: skip


def _people(who: str, label: str, sizes_of: str, factor: float) -> tuple[Kind, ...]:
    """The kinds that women, men and children all wear."""
    axes = (_WOMEN if sizes_of == "women" else _MEN if sizes_of == "men" else _KIDS, WEAR)
    audience = build(choice(label, audience=who.lower()))
    return tuple(
        kind(f"{who} > {leaf}", nouns, price * factor, weight, uses, audience, *groups, axes=axes, vary=0.9,
            share=share * factor, plural=True)
        for leaf, nouns, price, weight, uses, groups, share in _COMMON
    )  # fmt: skip


_KINDS = (
    *_people("Women", "Women's", "women", 1.0),
    *_people("Men", "Men's", "men", 1.0),
    *_people("Kids", "Kids'", "kids", 0.6),
    kind("Women > Heels & Flats", "Pumps|Ballet Flats|Block Heels", 89, (320, 760), "offices, weddings and dancing",
        build(choice("Women's", audience="women")), _UPPER, pick("heel_height_mm", 5, 30, 55, 75, 90,
        says="The heel measures {} mm."), axes=(_WOMEN, LEATHER), vary=0.9, plural=True),
    kind("Men > Dress Shoes", "Oxford Shoes|Loafers|Derby Shoes", 129, (680, 1300), "suits and long receptions",
        build(choice("Men's", audience="men")), pick("material", "leather", "suede", "patent leather", label="{}",
        says="The {} takes a polish well."), pick("construction", "Goodyear welted", "Blake stitched", "cemented",
        says="The sole is {} and can be renewed."), axes=(_MEN, LEATHER), vary=0.9, plural=True),
    kind("Shoe Care > Polish", "Shoe Cream|Shoe Polish|Leather Balm", 11, (60, 420),
        "shoes that should last another winter", pick("suitable_for", "smooth leather", "vegan leather",
        "all leathers", says="It is made for {}."), flag("solvent_free", 0.5, "Solvent-free",
        "It is free of solvents and has little smell."), pick("color", "neutral", "black", "brown", label=", {}"),
        axes=(volumes(50, 75, 150, 250, rise=0.3),), vary=0.4, share=0.7),
    kind("Shoe Care > Insoles", "Insoles|Gel Insoles", 19, (50, 190), "long shifts and high arches", pick("material",
        "cork", "gel", "memory foam", "wool felt", label="{}",
        says="The {} cushions the heel and supports the arch."), flag("washable", 0.6, says="They wash by hand."),
        pick("audience", "unisex"), axes=(sizes("XS|S|M|L|XL", least=3),), vary=0.8, share=0.8, plural=True),
    kind("Shoe Care > Laces", "Shoe Laces|Elastic Laces", 7, (8, 40), "a quick change of look",
        pick("material", "cotton", "polyester", "waxed cotton", label="{}", says="The {} holds a knot all day."),
        pick("shape", "flat", "round", "oval", label="{}"), flag("reflective", 0.3,
        says="Threads in the weave reflect headlights."), axes=(lengths(0.75, 0.9, 1.2, 1.5, rise=0.05), WEAR),
        vary=0.5, share=0.6, plural=True),
    kind("Shoe Care > Shoe Storage", "Shoe Rack|Shoe Shelf|Shoe Cabinet", 29, (300, 4200),
        "hallways where shoes pile up", pick("material", "bamboo", "cedar", "steel", "plastic", label="{}",
        says="The {} airs shoes while they rest."), pick("shelves", 2, 3, 4, 5, says="It has {} levels.",
        rise=0.2), flag("stackable", 0.6, says="A second one stacks on top."), axes=(packs(1, 2, 4),), vary=0.2,
        share=0.6),
)  # fmt: skip

SHOES = Department(
    name="Shoes",
    code="SHO",
    brands=("Strideon", "Calloway Last", "Pavero", "Tramontane", "Kestrel & Sole", "Loomfoot", "Veldra",
    "Bergschritt", "Mariposa Lane", "Roamer & Co", "Cobbler's Row", "Fleetmark", "Sandrift", "Ondine"),
    common=(pick("closure", "laces", "slip-on", "zip", "buckle"),),
    series=("Milano", "Tempo", "Ridge", "Cass", "Lena", "Porto", "Boulevard", "Cadiz", "Skye", "Sprint", "Fable",
    "Harlow", "Piper", "Rome", "Stone", "Trail", "Ulla", "Vico", "Wade", "Arden", "Bondi", "Carrara", "Delft", "Elba",
    "Fjell"),
    editions=("Low", "Mid", "Classic", "Flex", "City", "Soft", "GT", "Light"),
    closings=("If they pinch, exchanges are free.", "They come in a box made of recycled card.",
    "A size guide helps between two sizes.", "New laces and heels are sold separately.",
    "Our shoemakers resole most pairs for a small fee."),
    kinds=_KINDS,
    model="series",
    share=0.5,
)  # fmt: skip
