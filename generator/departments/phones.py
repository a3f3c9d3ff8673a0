"""Phones & Tablets, with the cases, chargers and holders that go with them."""

from generator.grammar import Department, build, choice, flag, kind, pick
from generator.palettes import CASE, PLAIN, TECH, WARRANTY, lengths, packs, storage

_SYSTEM = pick("compatibility", ["android"], ["android"], ["ios"], ["ios", "android"])
_ANY_PHONE = pick("compatibility", ["ios", "android"], ["ios"], ["android"])
_STORE = storage(64, 128, 256, 512, 1000, rise=0.16)
_BATTERY = pick("battery_mah", 4200, 4500, 5000, 5400, says="A {:,} mAh battery lasts past bedtime.")
_PORTS = build(
    choice("USB-C", "USB-C works either way up.", connectivity="USB-C"),
    choice("USB-C", "USB-C with fast charging saves the morning.", 1.2, connectivity="USB-C PD"),
    choice("USB-A", "USB-A fits older plugs and cars.", 0.8, connectivity="USB-A"),
)
_WATT = pick(
    "power_w", 18, 20, 30, 45, 65, label="{} W", rise=0.2, says="{} watts take a phone to half in thirty minutes."
)

_PAD_WATT = pick(
    "power_w", 7.5, 10, 15, 25, label="{} W", rise=0.15, says="It charges through most cases at up to {} watts."
)

_KINDS = (
    kind("Phones > Smartphones", "Smartphone|5G Phone|Phone", 549, (162, 234),
        "photographs, maps and everything between|people who charge once a day", pick("screen_size_in", 5.8, 6.1, 6.4,
        6.7, 6.9, label='{}"', rise=0.07, says="The {}-inch display is bright in full sun."), _BATTERY,

        flag("waterproof", 0.6), _SYSTEM, axes=(_STORE, TECH), vary=0.85, sigma=0.35, share=4, model="number"),
    kind("Phones > Feature Phones", "Feature Phone|Senior Phone", 49, (78, 140),
        "calls, texts and a week between charges", pick("screen_size_in", 1.8, 2.4, 2.8, label='{}"',
        says="Large type fills the {}-inch screen."), pick("battery_mah", 1000, 1450, 1900,
        says="The {:,} mAh battery can be replaced by hand."), flag("sos_button", 0.5,
        says="A button on the back calls for help."), axes=(PLAIN,), vary=0.3, share=0.7),
    kind("Phones > Rugged Phones", "Rugged Phone|Outdoor Phone", 329, (240, 390), "building sites and mountain huts",
        pick("screen_size_in", 5.5, 6.1, 6.6, label='{}"'), pick("battery_mah", 6000, 8000, 10000, label="{:,} mAh",
        rise=0.1, says="{:,} mAh carry it through a long weekend."), pick("waterproof", True, label="Waterproof",
        says="Dust, mud and a bucket of water do it no harm."), pick("color", "black", "orange"), axes=(_STORE,),
        vary=0.5, share=0.6),
    kind("Tablets > Tablets", "Tablet|Android Tablet", 329, (290, 710), "reading, drawing and long journeys",
        pick("screen_size_in", 8, 8.7, 10.4, 11, 12.9, label='{}"', rise=0.18,
        says="The {}-inch screen is gentle on the eyes."), pick("battery_mah", 5100, 7040, 8000, 10090,
        says="Its {:,} mAh battery lasts a week of evenings."), flag("pen_included", 0.3,
        says="A pen is included and charges at the edge.", factor=1.2), _SYSTEM, axes=(_STORE, TECH), vary=0.7,
        share=1.8, model="number"),
    kind("Tablets > E-readers", "E-reader|E-book Reader", 129, (155, 280), "novels on the beach and in bed",
        pick("screen_size_in", 6, 6.8, 7.8, 10.3, label='{}"', rise=0.25,
        says="The {}-inch paper-like screen has no glare."), flag("waterproof", 0.5, "Waterproof",
        "A bath is no danger to it."), flag("backlit", 0.8, says="The front light warms as the evening goes on."),
        axes=(storage(8, 16, 32, 64, rise=0.12), PLAIN), vary=0.3),
    kind("Tablets > Tablet Accessories", "Tablet Case|Tablet Cover", 29, (140, 620),
        "propping a tablet beside the stove", pick("screen_size_in", 8, 10.4, 11, 12.9, label='{}"',
        says="It fits tablets of up to {} inches."), pick("material", "vegan leather", "silicone", "felt",
        label="{}", says="The {} is pleasant to hold and easy to clean."), flag("foldable", 0.5,
        says="It folds to stand at two angles."), axes=(CASE,), vary=0.4, model="series"),
    kind("Tablets > Styluses", "Stylus Pen|Tablet Pen", 39, (12, 24), "notes in the margin and quick sketches",
        flag("wireless", 0.6, "Bluetooth", "It pairs once and wakes when lifted."), pick("battery_h", 8, 10, 12, 16,
        says="It writes for {} hours on a charge."), _ANY_PHONE, axes=(PLAIN,), vary=0.1, share=0.6),
    kind("Phone Accessories > Cases", "Phone Case|Phone Cover|Wallet Case", 22, (22, 95),
        "drops, keys and crowded pockets", pick("material", "silicone", "leather", "TPU", "recycled plastic",
        label="{}", says="The {} edge rises above the lens and the glass."), pick("screen_size_in", 5.8, 6.1, 6.4,
        6.7, 6.9, label=', for {}" Phones', says="It is cut for {}-inch models."), flag("magnetic", 0.4, "Magnetic",
        "A ring of magnets holds chargers in place."), _ANY_PHONE, axes=(CASE,), vary=0.6, share=3, model="series"),
    kind("Phone Accessories > Screen Protectors", "Screen Protector|Tempered Glass Screen Protector", 14, (8, 40),
        "keys in the same pocket", pick("screen_size_in", 5.8, 6.1, 6.4, 6.7, 6.9, label=', {}"',
        says="It covers {}-inch displays to the edge."), pick("material", "tempered glass", "film",
        says="The {} goes on without bubbles."), flag("privacy", 0.3, "Privacy",
        "From the side the picture turns dark."), _ANY_PHONE, axes=(packs(1, 2, 3),), vary=0.5, share=1.4,
        model="series"),
    kind("Phone Accessories > Chargers", "Phone Charger|Wall Charger|Travel Charger", 22, (38, 190),
        "one plug for phone, tablet and earbuds", _WATT, _PORTS, pick("ports", 1, 2, 3, 4,
        says="Ports for charging at the same time: {}.", rise=0.15), pick("color", "white", "black", label=", {}"),
        share=2),
    kind("Phone Accessories > Wireless Chargers", "Wireless Charger|Charging Pad|Charging Stand", 35, (80, 420),
        "bedside tables and desks", _PAD_WATT, pick("wireless", True), flag("magnetic", 0.5, "Magnetic",
        "Magnets line the phone up in the dark."), _ANY_PHONE, axes=(PLAIN,), vary=0.2, share=1.2),
    kind("Phone Accessories > Power Banks", "Power Bank|Portable Charger", 39, (140, 620),
        "festivals, flights and forgotten chargers", pick("battery_mah", 5000, 10000, 15000, 20000, 26800,
        label="{:,} mAh", rise=0.25, says="{:,} mAh refill a phone again and again."), _WATT, flag("wireless", 0.3,
        "Wireless", "Lay the phone on top to charge it."), axes=(TECH,), vary=0.3, share=2),
    kind("Phone Accessories > Charging Cables", "Charging Cable|Fast Charging Cable|Phone Cable", 13, (18, 90),
        "the car, the office and the sofa", _PORTS, flag("braided", 0.6, "Braided",
        "The braided sleeve is tested for ten thousand bends."), pick("power_w", 20, 60, 100, 240,
        says="It carries up to {} watts."), pick("color", "white", "black", "navy"), axes=(lengths(0.5, 1, 2, 3),),
        vary=0.6, share=1.6, model="series"),
    kind("Phone Accessories > Car Mounts", "Car Phone Holder|Car Mount", 24, (70, 240), "directions at a glance",
        pick("mount", "vent", "dashboard", "windshield", "cup holder", label="{}",
        says="The {} grip holds on rough roads."), flag("wireless", 0.3, "Wireless Charging",
        "It charges while it holds.", factor=1.7), flag("magnetic", 0.5), _ANY_PHONE, pick("color", "black")),
    kind("Phone Accessories > Selfie Sticks", "Selfie Stick|Phone Tripod", 27, (130, 520),
        "group pictures with everybody in them", pick("max_height_cm", 70, 100, 130, 160, label="{} cm", rise=0.15,
        says="It extends to {} centimeters."), pick("material", "aluminum", "carbon fiber",
        says="Thin {} tubes keep it light."), flag("wireless", 0.7,
        says="The remote in the handle takes the picture."), axes=(PLAIN,), vary=0.2, share=0.6),
    kind("Home Phones > Cordless Phones", "Cordless Phone|DECT Phone", 49, (110, 480),
        "clear calls from the landing to the garden", pick("handsets", 2, 3, 4, label=", {} Handsets", rise=0.4,
        says="There are {} handsets in the box."), flag("answering_machine", 0.5,
        says="An answering machine is built in."), pick("wireless", True), pick("color", "black", "white"),
        share=0.6),
)  # fmt: skip

PHONES = Department(
    name="Phones & Tablets",
    code="PHN",
    brands=("Solara Mobile", "Novaris", "Kelvane", "Mobira", "Ondavo", "Cellique", "Tavion", "Pocketwell",
    "Arcaphone", "Guardora", "Voltmint", "Snapfield", "Chargewise", "Linnet"),
    common=(WARRANTY,),
    series=("Ion", "Spark", "Flow", "Wave", "Mira", "Zen", "Pixelle", "Luma", "Cosmo", "Sol", "Fjord", "Vibe",
    "Rally", "Pace", "Glide", "Nest", "Opal", "Scout", "Swift", "Indigo", "Trace"),
    editions=("Plus", "Pro", "Lite", "Max", "Ultra", "Mini", "S", "X"),
    closings=("It ships the same day when ordered before three.", "A short guide with pictures is in the box.",
    "Old devices can be handed back for recycling.", "Thirty days are enough to change your mind.",
    "Software updates and questions are looked after by our own team."),
    kinds=_KINDS,
)  # fmt: skip
