"""Toys & Games, from the cradle to the games table."""

from generator.grammar import Department, axis, flag, kind, pick
from generator.palettes import BRIGHT, packs

_AGE = pick("age_min_years", 1, 2, 3, 3, 5, label="", says="Children from the age of {} can play safely.")
_OLDER = pick("age_min_years", 6, 7, 8, 10, 12, 14, says="It is meant for players of {} and older.")
_WOOD = pick(
    "material",
    "beech",
    "maple",
    "plywood",
    "bamboo",
    label="{}",
    says="The {} is sanded smooth and painted with water-based color.",
)
_PLUSH = pick(
    "material",
    "plush",
    "organic cotton",
    "recycled polyester",
    label="{}",
    says="Soft {} survives love and the washing machine.",
)
_PIECES = pick("pieces", 48, 100, 250, 500, 1000, label="{:,}-piece", rise=0.2, says="The set has {:,} pieces.")
_PLAYERS = pick("players_max", 2, 4, 5, 6, 8, says="Up to {} can play.")
_MINUTES = pick("playing_time_min", 15, 30, 45, 60, 90, 120, says="A round takes about {} minutes.")
_BATTERY = flag("batteries_included", 0.5, says="Batteries are in the box.", factor=1.05)
_EDITION = axis(
    "language",
    [("English", "EN"), ("German", "DE"), ("French", "FR"), ("Spanish", "ES")],
    says="Choose from {2}.",
    label="",
)

_KINDS = (
    kind("Construction > Building Blocks", "Building Block Set|Building Set|Brick Set", 39, (300, 3200),
        "towers, bridges and patient builders", _PIECES, _AGE, pick("material", "ABS", "beech", "recycled plastic",
        says="The {} parts click without force."), axes=(BRIGHT,), vary=0.1, share=1.5),
    kind("Construction > Marble Runs", "Marble Run|Ball Track Set", 45, (700, 3800), "long rainy afternoons", _PIECES,
        _WOOD, _AGE, pick("color", "natural", "multicolor"), share=0.8),
    kind("Construction > Model Kits", "Model Kit|Model Aircraft Kit|Model Ship Kit", 35, (200, 1400), "steady hands",
        _PIECES, _OLDER, pick("scale", "1:24", "1:48", "1:72", "1:144", label="{}",
        says="It is true to scale at {}."), pick("material", "plastic", "plywood"), share=0.8),
    kind("Dolls & Plush > Stuffed Animals", "Teddy Bear|Plush Rabbit|Stuffed Elephant|Plush Dinosaur", 24, (90, 900),
        "bedtime and car journeys", _PLUSH, pick("height_cm", 18, 25, 32, 45, 60, label="{} cm", rise=0.2,
        says="It sits {} cm tall."), _AGE, flag("washable", 0.7), axes=(BRIGHT,), vary=0.25, share=1.4),
    kind("Dolls & Plush > Dolls", "Doll|Baby Doll|Rag Doll", 32, (240, 1100), "stories that go on for weeks",
        _PLUSH, pick("height_cm", 28, 32, 38, 46, label="{} cm", says="She is {} cm tall."), _AGE,
        pick("clothes_washable", True, False)),
    kind("Dolls & Plush > Dollhouses", "Dollhouse|Doll Furniture Set", 69, (900, 9200),
        "whole families of small people", _WOOD, _PIECES, _AGE, flag("assembly_required", 0.7), share=0.7),
    kind("Vehicles > Cars & Trains", "Toy Car|Train Set|Fire Engine|Garbage Truck", 27, (120, 2600),
        "carpets with imaginary roads", _WOOD, _AGE, flag("lights_and_sound", 0.4,
        says="It blinks and hoots, and can be switched off."), axes=(BRIGHT,), vary=0.2, share=1.4),
    kind("Vehicles > Remote Control", "Remote Control Car|RC Car|RC Boat|Quadcopter Drone", 69, (150, 2200),
        "parks and empty parking lots", pick("top_speed_kmh", 12, 20, 35, 50, label="{} km/h", rise=0.25,
        says="It reaches {} km/h."), pick("battery_mah", 500, 850, 1500, 2200,
        says="The {:,} mAh pack lasts some twenty minutes."), _OLDER, pick("wireless", True), axes=(BRIGHT,),
        vary=0.2),
    kind("Vehicles > Ride-ons", "Balance Bike|Kick Scooter|Tricycle", 79, (2200, 7600),
        "first speed on two or three wheels", pick("material", "steel", "aluminum", "birch plywood", label="{}",
        says="The {} frame is light enough to carry home."), pick("max_load_kg", 20, 30, 50), pick("wheel_size_in", 8,
        10, 12, label='{}"', says="The {}-inch tires need no pump."), axes=(BRIGHT,), vary=0.4),
    kind("Games > Board Games", "Board Game|Strategy Game|Cooperative Game", 39, (500, 2600), "Friday evenings",
        _PLAYERS, _MINUTES, _OLDER, axes=(_EDITION,), vary=0.3, share=1.8),
    kind("Games > Card & Dice Games", "Card Game|Dice Game|Party Game", 16, (80, 420),
        "trains, tents and waiting rooms", _PLAYERS, _MINUTES, _OLDER, axes=(_EDITION,), vary=0.3, share=1.2),
    kind("Games > Puzzles", "Jigsaw Puzzle|Puzzle|3D Puzzle", 19, (240, 1500),
        "a table nobody needs for a week", pick("pieces", 24, 100, 500, 1000, 2000, label="{:,}-piece", rise=0.3,
        says="The finished picture has {:,} pieces."), pick("motif", "landscape", "animals", "city", "map", "art",
        says="The motif shows {} in fine print."), _OLDER, pick("material", "cardboard", "plywood"), share=1.3),
    kind("Games > Classic Games", "Chess Set|Backgammon Set|Domino Set", 45, (400, 3200),
        "grandparents and grandchildren", _WOOD, pick("players_max", 2), flag("foldable", 0.5, "Folding",
        "The board folds and keeps the pieces inside."), pick("width_cm", 28, 35, 40, 50), share=0.7),
    kind("Learning > Science Kits", "Science Kit|Microscope Set|Crystal Growing Kit", 35, (300, 1900),
        "questions that begin with why", pick("experiments", 8, 15, 30, 60, says="The book explains {} experiments."),
        _OLDER, _BATTERY, pick("topic", "chemistry", "electronics", "biology", "space", label="{}")),
    kind("Learning > Musical Toys", "Xylophone|Toy Piano|Drum Set for Kids", 35, (300, 3400),
        "small bands with large audiences", _WOOD, pick("notes", 5, 8, 12, 25,
        says="All {} notes are in tune."), _AGE, axes=(BRIGHT,), vary=0.1, share=0.7),
    kind("Learning > Coding & Robots", "Coding Robot|Robot Kit", 79, (180, 1500), "first programs without a screen",
        _PIECES, _OLDER, flag("wireless", 0.6, "Bluetooth", "An app adds longer programs later."), pick("battery_mah",
        800, 1200, 2000), share=0.7),
    kind("Creative > Arts & Crafts", "Colored Pencils|Finger Paints|Wax Crayons", 15, (120, 1600),
        "kitchen tables covered in newspaper", pick("pieces", 6, 12, 24, 36, 48, label="{}-piece", rise=0.15,
        says="There are {} colors."), flag("washable", 0.7, "Washable", "Stains leave clothes at 30 degrees."), _AGE,
        axes=(packs(1, 2, 3),), vary=0.2, plural=True),
    kind("Baby > Rattles & Teethers", "Baby Rattle|Teething Ring|Activity Gym", 17, (40, 1800),
        "hands that have just found each other", pick("material", "silicone", "beech", "organic cotton", label="{}",
        says="The {} is safe to chew."), pick("age_min_months", 0, 3, 6, 9,
        says="It suits babies from about {} months."), flag("washable", 0.7), axes=(BRIGHT,), vary=0.25),
    kind("Outdoor Play > Sand & Water", "Sandbox|Paddling Pool|Water Table", 29, (150, 9800),
        "gardens and beaches", pick("material", "PVC", "cedar", "recycled plastic", label="{}",
        says="The {} stands sun and salt."), pick("width_cm", 30, 90, 120, 180, says="It measures {} cm across."),
        _AGE, axes=(BRIGHT,), vary=0.15),
)  # fmt: skip

TOYS = Department(
    name="Toys & Games",
    code="TOY",
    brands=("Tumblewood", "Pipkin", "Brickaroo", "Otterby", "Kaleido", "Moonpebble", "Zwergenland", "Jolly Badger",
    "Papercrane", "Roundabout Games", "Fable & Dice", "Kleinwerk", "Hullabaloo", "Puddlefoot"),
    common=(pick("gift_wrap", True, False),),
    series=("Bramble", "Pip", "Captain", "Meadow", "Comet", "Tiny Town", "Little Otter", "Forest Friends", "Rocket",
    "Castle", "Circus", "Safari", "Pirate Bay", "Dragon Hill", "Moonlight", "Rainbow", "Star Harbor", "Polar",
    "Jungle", "Clockwork", "Lantern Lake", "Honeycomb", "Fox & Hare"),
    editions=("Junior", "Deluxe", "Classic", "Mini", "Grand", "Travel", "Explorer", "Family"),
    closings=("It is tested to EN 71 and ASTM F963.", "Lost pieces can be ordered one by one.",
    "The box is small enough for a shelf and strong enough to last.", "No screen, no app, no account.",
    "A gift note can be added at checkout."),
    kinds=_KINDS,
    model="series",
)  # fmt: skip
