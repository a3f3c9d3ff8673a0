"""Beauty & Care: skin, hair, make-up, fragrance, shaving and electric helpers."""

from generator.grammar import Department, axis, flag, kind, pick
from generator.palettes import PLAIN, packs, volumes

_SKIN = pick("skin_type", "all", "dry", "oily", "sensitive", "combination", says="The recipe suits {} skin.")
_HAIR = pick("hair_type", "all", "dry", "fine", "curly", "colored", says="It is mixed for {} hair.")
_ACTIVE = pick(
    "ingredient",
    "hyaluronic acid",
    "vitamin C",
    "niacinamide",
    "aloe vera",
    "retinol",
    "shea butter",
    "ceramide",
    label="{}",
    says="Its main ingredient, {}, works gently over weeks.",
)
_PLANT = pick(
    "ingredient",
    "argan oil",
    "rosemary",
    "oat",
    "coconut",
    "tea tree",
    "keratin",
    label="{}",
    says="With {} it cleans without stripping.",
)
_SCENT = pick(
    "scent", "unscented", "citrus", "lavender", "sandalwood", "fig", "rose", says="The scent is best described as {}."
)
_VEGAN = flag("vegan", 0.7, says="It is vegan and never tested on animals.", factor=1.0)
_FINISH = pick("finish", "matte", "satin", "glossy", "natural", label="{}", says="The {} finish lasts through dinner.")
_SHADES = axis(
    "shade",
    [
        ("porcelain", "POR"),
        ("ivory", "IVO"),
        ("honey", "HON"),
        ("caramel", "CAR"),
        ("chestnut", "CHE"),
        ("espresso", "ESP"),
    ],
    least=3,
    most=6,
    says="Shades run from {0} to {1}.",
)
_REDS = axis(
    "shade",
    [("rosewood", "ROS"), ("coral", "COR"), ("cherry", "CHY"), ("plum", "PLM"), ("nude", "NUD"), ("brick", "BRK")],
    least=3,
    most=6,
    says="Choose from {2}.",
)
_CORDLESS = flag(
    "wireless", 0.7, "Cordless", "It runs for an hour on one charge.", "A long swivel cord reaches the mirror."
)
_SPLASH = flag("waterproof", 0.6, "Waterproof", "It may be used in the shower.")

_KINDS = (
    kind("Skin Care > Face Creams", "Face Cream|Day Cream|Night Cream|Moisturizer", 26, (60, 180),
        "mornings that leave little time", _ACTIVE, _SKIN, _VEGAN, axes=(volumes(30, 50, 75, 100, rise=0.4),),
        vary=0.35, sigma=0.6, share=1.6),
    kind("Skin Care > Serums", "Serum|Face Oil|Eye Serum", 34, (40, 120), "skin that looks rested", _ACTIVE, _SKIN,
        _VEGAN, axes=(volumes(15, 30, 50, rise=0.5),), vary=0.3, sigma=0.6, share=1.2),
    kind("Skin Care > Cleansers", "Face Wash|Cleansing Gel|Micellar Water|Face Scrub", 14, (120, 460),
        "the end of the day", _ACTIVE, _SKIN, _VEGAN, axes=(volumes(100, 150, 200, 400, rise=0.4),), vary=0.4),
    kind("Skin Care > Sun Care", "Sunscreen|Sun Lotion|Sun Cream", 17, (60, 280), "beaches, bikes and benches",
        pick("spf", 15, 30, 30, 50, 50, label="SPF {}", says="It is rated SPF {} against UVA and UVB."), _SKIN,
        flag("waterproof", 0.6, "Water-resistant", "It stays put for a long swim."), _VEGAN, axes=(volumes(50, 100,
        200, rise=0.5),), vary=0.4),
    kind("Skin Care > Masks", "Sheet Mask|Clay Mask|Lip Mask", 9, (20, 160), "half an hour with the door closed",
        _ACTIVE, _SKIN, _VEGAN, axes=(packs(1, 3, 5, 10),), vary=0.5, share=0.7),
    kind("Hair Care > Shampoo", "Shampoo|Scalp Shampoo|Volume Shampoo", 12, (80, 1050),
        "hair that has to look good by eight", _PLANT, _HAIR, _SCENT, _VEGAN, axes=(volumes(100, 250, 500, 1000),),
        vary=0.5, share=1.4),
    kind("Hair Care > Conditioner & Masks", "Conditioner|Hair Mask|Leave-in Conditioner", 14, (110, 520),
        "ends that have seen the summer", _PLANT, _HAIR, _VEGAN, axes=(volumes(150, 250, 500),), vary=0.4),
    kind("Hair Care > Styling", "Hair Spray|Hair Gel|Styling Wax|Sea Salt Spray", 13, (60, 420),
        "styles that hold until evening", pick("hold", "light", "medium", "strong", "extra strong", label="{} Hold",
        says="The hold is {} but brushes out."), _HAIR, _SCENT, axes=(volumes(75, 150, 300, rise=0.4),), vary=0.3),
    kind("Hair Care > Brushes & Combs", "Hair Brush|Detangling Brush|Paddle Brush", 17, (30, 180),
        "knots without tears", pick("material", "beech", "bamboo", "boar bristle", "nylon", label="{}",
        says="The {} smooths without static."), _HAIR, flag("vented", 0.4, "Vented",
        "Vents shorten the time under the dryer."), axes=(PLAIN,), vary=0.2, share=0.7),
    kind("Hair Care > Hair Dryers & Stylers", "Hair Dryer|Hair Straightener|Curling Iron", 59, (280, 780),
        "smooth hair in ten minutes", pick("power_w", 45, 1200, 1800, 2200, says="It draws {:,} watts."),
        pick("material", "ceramic", "tourmaline", "titanium", label="{}", says="The {} coating spreads the heat."),
        pick("heat_settings", 2, 3, 5, 12), _CORDLESS, axes=(PLAIN,), vary=0.2, sigma=0.5, model="code"),
    kind("Make-up > Foundation", "Foundation|Concealer|BB Cream", 24, (25, 90), "an even tone in daylight", _FINISH,
        _SKIN, pick("spf", 0, 15, 20, 30), _VEGAN, axes=(_SHADES,), vary=0.85, share=1.2),
    kind("Make-up > Lipstick", "Lipstick|Lip Gloss|Lip Balm", 16, (4, 30), "meetings, concerts and cold wind",
        _FINISH, pick("volume_ml", 3, 4, 6, says="It holds {} ml."), _VEGAN, axes=(_REDS,), vary=0.8, share=1.2),
    kind("Make-up > Eyes", "Mascara|Eyeliner|Eyeshadow Palette|Brow Gel", 18, (8, 120), "eyes that speak first",
        _FINISH, flag("waterproof", 0.5, "Waterproof", "Tears and rain leave it alone."), _VEGAN, pick("color",
        "black", "brown", "plum", label=", {}")),
    kind("Make-up > Nails", "Nail Polish|Gel Nail Polish", 9, (20, 70), "ten small statements", _FINISH,
        pick("volume_ml", 5, 8, 10, 15), _VEGAN, axes=(_REDS,), vary=0.7, share=0.8),
    kind("Make-up > Brushes & Bags", "Make-up Brush Set|Face Brush Set", 22, (20, 340), "soft edges",
        pick("material", "synthetic", "bamboo", "recycled nylon", label="{}",
        says="The {} washes out and dries overnight."), pick("pieces", 3, 5, 8, 12, label="{}-piece", rise=0.2),
        _VEGAN, axes=(PLAIN,), vary=0.2, share=0.7),
    kind("Fragrance > Perfume", "Perfume|Fragrance Spray", 69, (120, 420),
        "evenings that ought to be remembered", _SCENT, pick("concentration", "eau de parfum", "eau de toilette",
        "cologne", says="The concentration is that of a true {}."), pick("audience", "women", "men", "unisex"),
        axes=(volumes(30, 50, 100, rise=0.45),), vary=0.7, sigma=0.6, share=1.2),
    kind("Fragrance > Candles", "Scented Candle|Candle", 26, (120, 900),
        "rooms that feel lived in", _SCENT, pick("burn_time_h", 20, 35, 45, 60, says="It lasts for about {} hours."),
        pick("material", "soy wax", "beeswax", "rapeseed wax", label="{}", says="It is poured by hand from {}."),
        share=0.9),
    kind("Body > Shower & Bath", "Shower Gel|Bath Foam|Body Wash", 9, (90, 1050), "hot water and no hurry",
        _PLANT, _SCENT, _SKIN, _VEGAN, axes=(volumes(100, 250, 500, 1000),), vary=0.4, share=1.2),
    kind("Body > Lotions & Hands", "Body Lotion|Hand Cream|Foot Cream", 13, (50, 540),
        "dry winters and hard-working hands", _ACTIVE, _SCENT, _VEGAN, axes=(volumes(50, 75, 200, 400, rise=0.5),),
        vary=0.4),
    kind("Shaving > Electric Shavers", "Electric Shaver|Beard Trimmer|Body Groomer", 79, (140, 420),
        "close shaves in a hurry", _CORDLESS, _SPLASH, pick("cutting_length_mm", 1, 3, 10, 20,
        says="Combs reach up to {} mm."), pick("battery_mah", 600, 800, 1400), axes=(PLAIN,), vary=0.1, sigma=0.5,
        model="code"),
    kind("Shaving > Razors & Blades", "Razor|Wet Razor", 29, (40, 260), "a slow shave on Sunday",
        pick("material", "stainless steel", "brass", "walnut", label="{}",
        says="The {} handle has weight in the hand."), pick("blades", 2, 3, 5, says="It shaves with {} blades."),
        _SKIN, axes=(packs(1, 2, 4, rise=0.5),), vary=0.2, share=0.7),
    kind("Oral Care > Electric Toothbrushes", "Electric Toothbrush|Sonic Toothbrush", 65, (110, 320),
        "two minutes, twice a day", pick("modes", 2, 3, 5, says="It has {} modes, from gentle to deep."),
        _SPLASH, pick("battery_days", 14, 21, 30, 60, says="A charge lasts {} days."), pick("wireless", True),
        axes=(PLAIN,), vary=0.3, sigma=0.5, model="code"),
    kind("Oral Care > Toothpaste & Floss", "Toothpaste|Dental Floss|Mouthwash", 6, (30, 560),
        "fresh breath and calm gums", pick("flavor", "mint", "cinnamon", "fennel", "mild mint", label="{}",
        says="The taste is {}, not sharp."), flag("fluoride", 0.7, "Fluoride", "Fluoride hardens the enamel."),
        _VEGAN, axes=(packs(1, 2, 3, 6),), vary=0.4, share=0.8),
)  # fmt: skip

BEAUTY = Department(
    name="Beauty & Care",
    code="BEA",
    brands=("Élanor", "Verbena & Ash", "Lumière Douce", "Saltmoor", "Petalwise", "Aurelle", "Botanika North",
    "Clarimond", "Dewlark", "Ginkgo & Grey", "Maren Holt", "Sève", "Silkworth", "Tonic House"),
    common=(pick("organic", True, False),),
    series=("Lumen", "Rituel", "Bloom", "Velvet", "Aqua", "Calm", "Pure", "Meadow", "Silk", "Amber", "Derma", "Glow",
    "Nuit", "Rosa", "Verde", "Mist", "Oasis", "Luna", "Sol", "Alba", "Flora", "Vita", "Cocoon", "Marina", "Iris"),
    editions=("Intense", "Gentle", "Expert", "Daily", "Night", "Deluxe", "Sensitive", "Repair"),
    closings=("The bottle is recycled and can be refilled.", "Dermatologists have tested it on forty volunteers.",
    "It keeps for twelve months after opening.", "A list of every ingredient is printed on the box.",
    "Free samples come with each order."),
    kinds=_KINDS,
    model="series",
)  # fmt: skip
