"""Clothing for women, men and children, and accessories."""

from generator.grammar import Department, Kind, build, choice, flag, kind, pick
from generator.palettes import LEATHER, WEAR, sizes

_ADULT = sizes("XS|S|M|L|XL|XXL", prefix="Size ")
_CHILD = sizes("2-3 years|4-5 years|6-7 years|8-9 years|10-11 years|12-13 years", least=3)
_WAIST = sizes("W28|W29|W30|W31|W32|W33|W34|W36|W38", least=4)
_SHIRTING = pick(
    "material",
    "cotton",
    "organic cotton",
    "linen",
    "merino wool",
    "bamboo viscose",
    label="{}",
    rise=0.08,
    says="The {} is soft from the first day and keeps its shape in the wash.",
)
_KNIT = pick(
    "material",
    "merino wool",
    "lambswool",
    "cotton",
    "cashmere",
    label="{}",
    rise=0.25,
    says="Fine {} warms without weight.",
)
_SHELL = pick(
    "material", "nylon", "recycled polyester", "waxed cotton", "wool blend", says="A shell of {} keeps the wind out."
)
_SPORTY = pick(
    "material",
    "polyester",
    "nylon",
    "merino wool",
    "recycled polyester",
    says="Quick-drying {} moves sweat away from the skin.",
)
_GLOVES = sizes("S|M|L|XL", least=3, prefix="Size ")
_FIT = pick(
    "fit", "slim", "regular", "regular", "relaxed", "oversized", label="{} Fit", says="The {} cut leaves room to move."
)
_DRESSES = build(
    choice("Midi", "It falls to the calf and has pockets.", dress_length="midi"),
    choice("Maxi", "The long skirt moves nicely in a breeze.", 1.2, dress_length="maxi"),
    choice("Mini", "Cut above the knee, it layers over tights.", 0.9, dress_length="mini"),
)
_SLEEVE = pick("sleeve", "short sleeve", "long sleeve", "short sleeve", says="This is the {} version.")
_PATTERN = pick("pattern", "plain", "plain", "striped", "checked", "floral", "printed")
_RAIN = flag("waterproof", 0.5, "Waterproof", "Taped seams keep heavy rain out.", factor=1.25)
_MACHINE = flag(
    "machine_washable",
    0.8,
    says="The fabric goes in the machine at 30 degrees.",
    otherwise="The fabric likes dry cleaning best.",
    factor=1.0,
)

_COMMON = (
    ("T-shirts", "T-Shirt|Tee", 22, (120, 230), "every day of a warm week", (_SHIRTING, _FIT, _SLEEVE, _PATTERN),
    False, 3),
    ("Shirts", "Oxford Shirt|Shirt", 49, (180, 340), "desks, dinners and weekends", (_SHIRTING, _FIT, _PATTERN,
    _MACHINE), False, 1.6),
    ("Sweaters", "Crew Neck Sweater|Cardigan|Pullover", 69, (260, 720), "cold offices and evening walks", (_KNIT,
    _FIT, _MACHINE), False, 1.5),
    ("Hoodies & Sweatshirts", "Hoodie|Zip Hoodie|Sweatshirt", 54, (380, 820), "trains, sofas and warm-ups",
    (_SHIRTING, _FIT, flag("fleece_lined", 0.4, "Fleece-lined", "Brushed fleece lines the inside.")), False, 1.5),
    ("Jackets & Coats", "Rain Jacket|Parka|Down Jacket|Trench Coat", 139, (340, 1700),
    "wet streets and cold platforms", (_SHELL, _RAIN, flag("hooded", 0.6, "Hooded",
    "The hood packs into the collar.")), False, 1.5),
    ("Activewear", "Running Shirt|Training Top|Base Layer", 36, (90, 230), "intervals, hills and the gym", (_SPORTY,
    _FIT, flag("reflective", 0.4, "Reflective", "Reflective trims show up in headlights.")), False, 1.2),
    ("Underwear & Socks", "Crew Socks|Hiking Socks|Boxer Briefs", 15, (40, 190), "clean starts and long walks",
    (_SHIRTING, flag("seamless", 0.5, "Seamless", "Flat seams do not rub."), _MACHINE), True, 1.2),
    ("Sleepwear", "Pajamas", 45, (260, 560), "slow Sundays", (_SHIRTING, _SLEEVE, _PATTERN), False, 0.7),
)  # fmt: skip


def _people(who: str, label: str, factor: float) -> tuple[Kind, ...]:
    """The kinds that women, men and children all wear; `label` goes before the material."""
    audience = build(choice(label, audience=who.lower()))
    return tuple(
        kind(f"{who} > {leaf}", nouns, price * factor, weight, uses, audience, *groups,
             axes=((_CHILD if who == "Kids" else _ADULT), WEAR), vary=0.9, share=share * factor,
             plural=plural or nouns.startswith("Pajamas"))
        for leaf, nouns, price, weight, uses, groups, plural, share in _COMMON
    )  # fmt: skip


_WOMEN = build(choice("Women's", audience="women"))
_MEN = build(choice("Men's", audience="men"))
_UNISEX = build(choice("", audience="unisex"))
_KINDS = (
    *_people("Women", "Women's", 1.0),
    *_people("Men", "Men's", 1.0),
    *_people("Kids", "Kids'", 0.55),
    kind("Women > Dresses", "Dress|Wrap Dress|Shirt Dress", 69, (220, 620), "gardens, weddings and warm offices",
        _WOMEN, _DRESSES, _SHIRTING, _PATTERN, axes=(_ADULT, WEAR), vary=0.8, share=2),
    kind("Women > Skirts", "Skirt|Pleated Skirt|Denim Skirt", 45, (190, 520),
        "tights in winter and sandals in summer", _WOMEN, _SHIRTING, _PATTERN, _MACHINE, axes=(_ADULT, WEAR),
        vary=0.8),
    kind("Women > Jeans & Pants", "Jeans|Chinos|Wide-leg Pants", 64, (320, 780),
        "work on Friday and the weekend after", _WOMEN, pick("fit", "skinny", "straight", "relaxed", "high-rise",
        label="{}", says="The {} cut sits well with boots or sneakers."), pick("material", "denim", "cotton twill",
        "linen", says="Sturdy {} has a little stretch."), axes=(_WAIST, WEAR), vary=0.9, share=1.6, plural=True),
    kind("Women > Leggings & Sports Bras", "Leggings|Yoga Pants", 39, (150, 290), "mats, tracks and travel days",
        _WOMEN, _SPORTY, flag("pockets", 0.5, "Pocket", "A side pocket holds a phone."), pick("fit", "high-rise",
        "mid-rise", label="{}"), axes=(_ADULT, WEAR), vary=0.8, plural=True),
    kind("Men > Jeans & Pants", "Jeans|Chinos|Cargo Pants", 64, (380, 860), "work on Friday and the weekend after",
        _MEN, pick("fit", "slim", "straight", "relaxed", "tapered", label="{}",
        says="The {} cut sits well with boots or sneakers."), pick("material", "denim", "cotton twill", "corduroy",
        says="Sturdy {} has a little stretch."), axes=(_WAIST, WEAR), vary=0.9, share=1.6, plural=True),
    kind("Men > Shorts", "Shorts|Swim Shorts|Cargo Shorts", 35, (160, 360), "beaches, courts and hot cities", _MEN,
        _SPORTY, pick("inseam_cm", 13, 18, 23, says="The inseam is {} cm."), flag("pockets", 0.7,
        says="Zipped pockets keep keys in place."), axes=(_ADULT, WEAR), vary=0.8, plural=True),
    kind("Men > Suits & Blazers", "Blazer|Suit Jacket", 179, (620, 1300), "interviews, weddings and Tuesdays", _MEN,
        pick("material", "wool", "linen", "cotton", label="{}",
        says="The {} cloth drapes cleanly and resists creases."), _FIT, _PATTERN,
        axes=(sizes("36R|38R|40R|42R|44R|46R", least=4), WEAR), vary=0.9, share=0.8),
    kind("Accessories > Hats & Caps", "Baseball Cap|Beanie|Flat Cap|Bucket Hat", 24, (50, 160),
        "low sun and cold ears", _UNISEX, pick("material", "cotton", "wool", "corduroy", "merino wool", label="{}",
        says="Light {} packs into a pocket."), flag("adjustable", 0.6, says="A strap at the back adjusts the fit."),
        axes=(WEAR,), vary=0.6, share=1.2),
    kind("Accessories > Belts", "Leather Belt|Belt|Braided Belt", 35, (110, 290), "jeans and suits alike", _UNISEX,
        pick("material", "leather", "suede", "canvas", says="The {} darkens pleasantly with age."), pick("width_mm",
        25, 30, 35, 40, label="{} mm", says="At {} mm it fits most loops."), axes=(sizes("80 cm|90 cm|100 cm|110 cm",
        least=3), LEATHER), vary=0.7, share=0.7),
    kind("Accessories > Scarves & Gloves", "Scarf|Knit Scarf|Wrap Scarf", 32, (60, 320),
        "frosty mornings at the stop", _UNISEX, _KNIT, _PATTERN, _MACHINE, axes=(WEAR,), vary=0.5, share=0.7),
    kind("Accessories > Scarves & Gloves", "Gloves|Touchscreen Gloves|Mittens", 29, (40, 180),
        "cold handlebars and snowballs", _UNISEX, _KNIT, _MACHINE, flag("touchscreen", 0.5,
        says="Conductive fingertips work on phones."), axes=(_GLOVES, WEAR), vary=0.7, share=0.6, plural=True),
    kind("Accessories > Wallets", "Wallet|Card Holder|Slim Wallet", 39, (40, 140), "front pockets and small bags",
        _UNISEX, pick("material", "leather", "canvas", "aluminum", label="{}",
        says="The {} softens without losing its shape."), pick("card_slots", 4, 6, 8, 12, says="It holds {} cards."),
        flag("rfid_blocking", 0.6, "RFID", "A lining blocks card skimmers."), axes=(LEATHER,), vary=0.4, share=0.9),
    kind("Accessories > Handbags & Totes", "Tote Bag|Handbag|Crossbody Bag", 79, (220, 980),
        "markets, meetings and hand luggage", _UNISEX, pick("material", "leather", "canvas", "recycled nylon",
        label="{}", rise=-0.2, says="Heavy {} stands by itself on the floor."), pick("capacity_l", 4, 9, 14, 20,
        says="It carries {} liters."), axes=(LEATHER,), vary=0.4, sigma=0.6),
    kind("Accessories > Sunglasses", "Sunglasses", 69, (18, 42), "driving west in the evening", _UNISEX,
        flag("polarised", 0.5, "Polarized", "Polarized lenses cut the glare from water and wet roads."),
        pick("material", "acetate", "metal", "titanium", label="{}", rise=0.25,
        says="The {} frame has spring hinges."), axes=(LEATHER,), vary=0.3, plural=True),
    kind("Accessories > Umbrellas", "Umbrella|Folding Umbrella", 29, (240, 620), "sudden showers", _UNISEX,
        pick("diameter_cm", 96, 105, 120, label="{} cm", rise=0.2, says="The canopy measures {} cm."),
        flag("windproof", 0.6, "Windproof", "Its ribs bend back instead of breaking."), pick("waterproof", True),
        axes=(WEAR,), vary=0.3, share=0.6),
)  # fmt: skip

CLOTHING = Department(
    name="Clothing",
    code="CLO",
    brands=("Aldermoor", "Wren & Wilde", "Halden", "Tamsin Grey", "Norrsund", "Bellwether", "Marlowe Row",
    "Sablecroft", "Ivy Lathe", "Campion", "Threadwell", "Ostara", "Fennimore", "Clovelly", "Søndervig"),
    common=(pick("season", "all year", "all year", "summer", "winter", "spring"),),
    series=("Fenwick", "Alder", "Harper", "Isla", "Brook", "Calder", "Dover", "Esme", "Fallon", "Greer", "Hollis",
    "Ines", "Jude", "Keswick", "Lowell", "Maren", "Nolan", "Orla", "Perrin", "Quinn", "Rhodes", "Selby", "Tate",
    "Una", "Vale", "Winslow", "York", "Zola", "Bowie", "Cleo", "Darcy", "Ellis"),
    editions=("Essential", "Heritage", "Weekend", "Studio", "Coast", "Field", "Moor", "City", "Club", "Signature"),
    closings=("The size chart shows measurements of the garment itself.", "Exchanges for another size are free.",
    "It is sewn in a small factory that we visit every year.", "A spare button is sewn inside the hem.",
    "Wear it, wash it, and wear it again next year."),
    kinds=_KINDS,
    model="series",
    share=0.6,
)  # fmt: skip
