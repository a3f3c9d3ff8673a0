"""Sports & Outdoor: camping, cycling, fitness, running, water, winter and ball sports."""

from generator.grammar import Department, flag, kind, pick
from generator.palettes import BRIGHT, WARRANTY, WEAR, packs, sizes

_DRY = flag("waterproof", 0.6, "Waterproof", "Taped seams keep a night of rain outside.")
_PERSONS = pick(
    "persons", 1, 2, 3, 4, 6, label="{}-person", rise=0.22, says="It sleeps {}, with room for boots at the door."
)
_WARMTH = pick("comfort_temp_c", -15, -5, 0, 5, 10, label="{} °C", says="Its comfort limit is {} °C.")
_LITERS = pick(
    "capacity_l", 12, 20, 28, 35, 50, 65, label="{} L", rise=0.15, says="{} liters swallow more than it seems."
)
_LUMENS = pick(
    "brightness_lm", 150, 300, 400, 600, 1100, label="{} lm", rise=0.12, says="{:,} lumens reach the next bend."
)
_METAL = pick(
    "material", "aluminum", "carbon fiber", "steel", label="{}", rise=0.15, says="The {} is strong where it matters."
)
_GRAMS = pick(
    "load_kg", 2, 4, 8, 12, 16, 20, 24, label="{} kg", rise=0.2, says="At {} kg it suits a training plan that grows."
)

_KINDS = (
    kind("Camping > Tents", "Tent|Dome Tent|Tunnel Tent", 219, (1200, 9800), "passes, festivals and family meadows",
        _PERSONS, _DRY, pick("season", "3 seasons", "4 seasons", "summer", says="It is built for {}."),
        pick("material", "ripstop nylon", "polyester", "polycotton"), pick("color", "green", "sand", "orange",
        label=", {}"), share=1.6),
    kind("Camping > Sleeping Bags", "Sleeping Bag|Mummy Sleeping Bag", 119, (600, 2400),
        "clear nights above the trees", _WARMTH, pick("filling", "down", "synthetic", label="{}",
        says="The {} filling springs back after packing."), pick("length_cm", 170, 185, 200, 220), axes=(BRIGHT,),
        vary=0.2),
    kind("Camping > Sleeping Mats", "Sleeping Mat|Air Mattress|Camping Pad", 69, (350, 1900), "stony pitches",
        pick("thickness_mm", 20, 50, 75, 100, label="{} mm", rise=0.2, says="{} mm keep hips off the stones."),
        pick("r_value", 1.5, 2.8, 4.2, 6, says="The insulation is rated R {}."), pick("material", "nylon",
        "polyester", "foam"), axes=(BRIGHT,), vary=0.2),
    kind("Camping > Stoves & Cookware", "Camping Stove|Backpacking Stove|Gas Stove", 49, (80, 1400),
        "tea with a view",
        pick("material", "titanium", "aluminum", "stainless steel", label="{}",
        says="The {} packs smaller than a mug."), pick("power_w", 1800, 2600, 3500), flag("piezo_ignition", 0.5,
        says="A button lights it without matches."), pick("color", "silver", "black")),
    kind("Camping > Lighting", "Head Torch|Headlamp|Camping Lantern", 35, (60, 420), "dark trails and late cooking",
        _LUMENS, flag("rechargeable", 0.7, "Rechargeable", "It charges by USB-C."), flag("waterproof", 0.7,
        says="Rain does it no harm."), pick("battery_mah", 900, 1500, 2200, 5000), axes=(BRIGHT,), vary=0.2,
        share=1.3),
    kind("Camping > Camp Furniture", "Camping Chair|Folding Table|Hammock", 45, (480, 5400),
        "the second half of the afternoon", pick("max_load_kg", 80, 110, 130, 150, says="It is tested to {} kg."),
        pick("material", "aluminum", "steel", "nylon", label="{}"), flag("foldable", 0.9,
        says="It folds to the length of a forearm."), axes=(BRIGHT,), vary=0.3),
    kind("Hiking > Backpacks", "Hiking Backpack|Daypack|Trekking Backpack", 99, (420, 2200),
        "huts, summits and Saturday", _LITERS, _DRY, pick("back_length_cm", 42, 46, 50, 54,
        says="The back measures {} cm and can be moved."), pick("material", "nylon", "recycled polyester"),
        axes=(BRIGHT,), vary=0.35, share=1.5),
    kind("Hiking > Trekking Poles", "Trekking Poles|Hiking Poles", 59, (340, 580), "knees on long descents", _METAL,
        flag("foldable", 0.5, "Folding", "They fold to fit inside a pack."), pick("max_height_cm", 120, 130, 135, 145,
        says="They extend to {} cm."), pick("color", "black", "red", "blue"), plural=True, share=0.8),
    kind("Cycling > Bikes", "Mountain Bike|Road Bike|City Bike|Electric Bike", 899, (8200, 24500),
        "commutes, forests and long loops", _METAL, pick("gears", 7, 8, 10, 12, 21,
        says="It shifts through {} gears."), pick("wheel_size_in", 26, 27.5, 28, 29, label='{}"',
        says="It rolls on {}-inch wheels."), axes=(sizes("S|M|L|XL", least=3, most=4), BRIGHT), vary=0.7, sigma=0.6,
        share=1.2),
    kind("Cycling > Helmets", "Bike Helmet|Cycling Helmet", 69, (220, 420), "streets and single tracks", pick("vents",
        8, 12, 16, 20, says="Its {} vents keep a cool head."), flag("mips", 0.4, "MIPS",
        "A sliding layer inside reduces twisting in a fall.", factor=1.4), pick("material", "polycarbonate", "ABS"),
        axes=(sizes("S|M|L|XL", least=2, most=4), WEAR), vary=0.7),
    kind("Cycling > Bike Lights", "Bike Light Set|Rear Light|Front Light", 35, (30, 260), "winter commutes", _LUMENS,
        flag("rechargeable", 0.8, says="It charges by USB-C."), flag("waterproof", 0.7, "Waterproof",
        "Spray from the wheel runs off."), pick("color", "black")),
    kind("Cycling > Bike Accessories", "Bike Lock|Bike Pump|Bike Phone Holder|Bottle Cage", 29, (60, 1900),
        "rides that end where they should", pick("material", "hardened steel", "aluminum", "composite", label="{}",
        says="The {} takes years of rain."), pick("mount", "frame", "handlebar", "seat post",
        says="It mounts on the {} in a minute."), pick("color", "black", "silver"), share=1.2),
    kind("Fitness > Weights", "Dumbbell|Kettlebell", 39, (2000, 24000), "strength at home", _GRAMS,
        pick("material", "cast iron", "rubber", "neoprene", label="{}", says="The {} is kind to floors."),
        pick("grip", "knurled", "smooth", "textured"), axes=(packs(1, 2, rise=0.9),), vary=0.3),
    kind("Fitness > Yoga", "Yoga Mat|Exercise Mat", 35, (300, 2600), "slow mornings and stiff backs",
        pick("thickness_mm", 3, 4, 6, 10, label="{} mm", says="{} mm spare the knees."), pick("material",
        "natural rubber", "cork", "TPE", label="{}", says="The {} grips warm hands."), flag("non_slip", 0.8),
        axes=(WEAR,), vary=0.5),
    kind("Fitness > Machines", "Exercise Bike|Treadmill|Rowing Machine", 549, (22000, 78000),
        "training when it rains", pick("resistance_levels", 8, 16, 24, 32, says="There are {} levels of resistance."),
        flag("foldable", 0.5, "Folding", "It folds upright after use."), flag("wireless", 0.6,
        says="It talks to training apps."), pick("max_load_kg", 110, 130, 150), pick("color", "black"), share=0.7),
    kind("Fitness > Small Equipment", "Resistance Bands|Exercise Bands", 19, (60, 780),
        "hotel rooms and parks", pick("material", "latex", "rubber", "fabric", label="{}",
        says="The {} does not pinch."), pick("resistance", "light", "medium", "heavy", label="{}",
        says="The resistance is {}."), flag("carry_bag", 0.6, says="A small bag is included."), axes=(BRIGHT,),
        vary=0.3, plural=True),
    kind("Water Sports > Swimming", "Swim Goggles|Swimming Goggles", 24, (40, 900), "lanes and lakes", pick("lens",
        "clear",
        "smoke", "mirrored", label="{}", says="The {} finish suits indoor and outdoor light."), flag("anti_fog", 0.7,
        "Anti-fog", "A coating keeps the view clear."), pick("material", "silicone", "rubber"), axes=(BRIGHT,),
        vary=0.4, plural=True),
    kind("Water Sports > Boards & Kayaks", "Paddle Board|Inflatable Kayak", 399, (5200, 17800),
        "flat lakes and small waves", pick("length_cm", 210, 285, 320, 350, label="{} cm", rise=0.1,
        says="It is {} cm long and tracks straight."), pick("inflatable", True,
        says="It rolls up for the trunk of a car."), pick("max_load_kg", 95, 120, 150, 180), axes=(BRIGHT,), vary=0.1,
        share=0.6),
    kind("Water Sports > Dry Bags", "Dry Bag|Waterproof Backpack", 27, (90, 900), "wet rides and boat trips", _LITERS,
        pick("waterproof", True), pick("material", "PVC", "TPU", "nylon",
        says="Welded {} keeps phones and bread dry."), axes=(BRIGHT,), vary=0.5, share=0.8),
    kind("Winter Sports > Skis & Boards", "Skis|Snowboards", 429, (2600, 7400),
        "groomed mornings and slushy afternoons", pick("length_cm", 144, 152, 160, 168, 176, label="{} cm",
        says="At {} cm they turn easily."), pick("level", "beginner", "intermediate", "expert", label="{}",
        says="They suit {} riders."), pick("material", "wood core", "carbon core"), pick("color", "blue", "black",
        "red"), share=0.7, plural=True),
    kind("Winter Sports > Ski Wear", "Ski Gloves|Ski Mittens", 59, (110, 420), "snow in the face",
        flag("touchscreen", 0.4, says="Index fingers work on phones."), pick("material", "goatskin", "softshell",
        "leather", label="{}",
        says="The {} stays supple in the cold."), flag("waterproof", 0.6, "Waterproof",
        "Melting snow stays outside."), axes=(sizes("S|M|L|XL", least=3), WEAR), vary=0.5, plural=True),
    kind("Ball Sports > Balls", "Soccer Ball|Basketball|Volleyball", 29, (260, 640), "parks, halls and schoolyards",
        pick("ball_size", "3", "4", "5", "7", label=", Size {}", says="It is size {}."), pick("material",
        "PU leather", "rubber", "composite", label="{}", says="The {} cover keeps its grip when wet."), pick("indoor",
        True, False), pick("color", "white", "orange", "blue")),
    kind("Ball Sports > Rackets", "Tennis Racket|Badminton Racket|Squash Racket", 79, (85, 330),
        "clubs, garages and gardens", pick("material", "graphite", "carbon fiber", "aluminum", label="{}", rise=-0.15,
        says="The {} frame dampens the sting of late hits."), pick("grip", "G1", "G2", "G3", "G4",
        says="The grip size is {}."), pick("level", "beginner", "intermediate", "expert"), pick("color", "black",
        "red", "blue", label=", {}")),
)  # fmt: skip

SPORTS = Department(
    name="Sports & Outdoor",
    code="SPO",
    brands=("Tarnpeak", "Ridgeborn", "Velomar", "Kolmar Alpine", "Northfell", "Wayfarrow", "Driftline", "Ironhare",
    "Basecrest", "Sprinto", "Lumen Trail", "Halyard", "Ursa Major Gear", "Torrent & Tide", "Fjellrein"),
    common=(WARRANTY,),
    series=("Summit", "Cairn", "Moraine", "Falcon", "Glacier", "Condor", "Lynx", "Rapid", "Boulder", "Corrie",
    "Sierra", "Tundra", "Vertigo", "Wolf", "Zephyr", "Basalt", "Canyon", "Dune", "Eiger", "Firn", "Gorge", "Heron",
    "Ibex", "Jackdaw", "Karst"),
    editions=("Light", "Pro", "Trail", "Tour", "Expedition", "Evo", "II", "XT"),
    closings=("Our test team used it for a season before we listed it.",
    "Spare parts and a repair kit are available.", "A mesh bag for storage is included.",
    "Advice from people who go outside is a phone call away.", "It arrives ready to use.",
    "If it breaks on the first trip, we replace it."),
    kinds=_KINDS,
    model="series",
)  # fmt: skip
