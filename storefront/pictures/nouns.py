"""Which shape shows a product, by the words that name such products. A shape's own name is one of them."""

from storefront.pictures.shapes import SHAPES

_NOUNS = {
    "headphones": "headphone|electronics",
    "earbuds": "in ear headphones|earbud|earphones", "speaker": "bluetooth speaker|sound",
    "bookshelf speaker": "audio", "turntable": "record player", "tv": "television|display",
    "bracket": "wall mount|tv mount|bracket", "remote": "remote control", "camera": "compact camera|mirrorless camera",
    "lens": "camera lens|lense", "strap": "camera strap", "camera bag": "camera backpack|laptop bag",
    "battery": "batteries|camera battery", "watch": "smartwatch|wearables",
    "band": "fitness tracker|activity band|smart band", "watch strap": "watch band",
    "cable": "patch cable|cables|cord|adapter", "laptop": "notebook computer|ultrabook|chromebook|computers",
    "backpack": "daypack|rucksack", "sleeve": "laptop sleeve|headphone case|earbud case",
    "stand": "riser|desk riser|keyboard tray|monitor riser", "charger": "power supply",
    "hub": "docking station|dock", "tower": "desktop pc|tower pc|mini pc|pc|desktop|server",
    "monitor": "all in one pc|screen", "arm": "monitor arm|monitor stand", "pad": "mouse pad|desk mat",
    "drive": "ssd|hard drive|solid state drive|internal ssd|nas", "usb stick": "usb flash drive|flash drive",
    "memory card": "microsd card|sd card", "memory": "memory kit|ram kit|ram|components", "graphics card": "gpu",
    "router": "access point|networking|switch", "phone": "smartphone", "feature phone": "senior phone",
    "rugged phone": "outdoor phone", "e-reader": "e reader|e book reader", "tablet": "android tablet|ipad",
    "stylus": "stylus pen|tablet pen", "phone case": "phone cover|wallet case|tablet case|tablet cover",
    "screen protector": "protector", "charging pad": "wireless charger|charging stand",
    "power bank": "portable charger", "mount": "phone holder|car mount|bike phone holder",
    "selfie stick": "phone tripod", "cordless phone": "dect phone|telephone",
    "pan": "frying pan|skillet|wok|cookware", "pot": "saucepan|casserole|stock pot", "dish": "baking dish|cake pan|"
    "loaf pan|bakeware|bowl|plate", "board": "cutting board|chopping board", "coffee machine": "espresso machine|"
    "coffee maker", "grinder": "coffee grinder|milk frother|coffee scale|frother", "kettle": "electric kettle|kitchen",
    "blender": "smoothie maker|mixer|juicer", "oven": "air fryer|toaster oven|toaster|microwave|appliances",
    "vacuum": "vacuum cleaner|robot vacuum", "bottle": "water bottle|flask|bottle cage|thermos",
    "mug": "tea cup|cup|glass|drinkware", "bedding": "duvet cover set|bed linen set|bed|mattress|sheet",
    "pillow": "throw pillow|duvet|quilt|comforter|cushion", "towel": "bath towel|towel set",
    "chair": "dining chair|garden chair|stool|bar stool", "armchair": "sofa|couch|furniture",
    "table": "coffee table|nightstand|patio table|folding table", "shelf": "bookcase|shelving unit|shoe cabinet",
    "lamp": "desk lamp|table lamp", "pendant": "ceiling light|chandelier|pendant light|lighting",
    "bulb": "led bulb", "rug": "runner rug|carpet", "throw": "blanket", "container": "food container set|lunch box|"
    "paddling pool|water table", "jar": "storage jar", "basket": "storage basket|laundry basket|hanging basket",
    "bin": "trash can|waste bin", "rack": "shoe rack|shoe shelf", "bench": "garden bench|patio",
    "lounger": "sun lounger", "parasol": "patio umbrella|shade sail", "grill": "barbecue grill|gas grill|barbecue",
    "lantern": "camping lantern|garden light|wall light|path light",
    "shirt": "t shirt|tee|tank top|top|polo shirt|polo|sports top|running top|base layer|jersey|clothing|tshirt",
    "button shirt": "shirt dress shirt|oxford shirt|linen shirt|flannel shirt|blouse|dress shirt|casual shirt",
    "sweater": "pullover|cardigan|jumper|sweatshirt|thermal top|knit", "hoodie": "hooded sweatshirt|fleece",
    "jacket": "coat|parka|rain jacket|vest|raincoat|anorak|outerwear|ski jacket", "blazer": "suit jacket|suit",
    "dress": "wrap dress|shirt dress|gown", "skirt": "pleated skirt", "pants": "jeans|chinos|trousers|leggings|"
    "joggers|tights|ski pants|sweatpants|overalls", "shorts": "swim shorts|swim trunks", "socks": "stockings",
    "underwear": "boxer shorts|boxers|briefs|panties|bikini|trunks|lingerie", "bra": "sports bra|swimsuit",
    "pajamas": "pyjamas|robe|bathrobe|nightgown|nightwear|sleepwear", "cap": "baseball cap|bucket hat|hat|flat cap",
    "gloves": "mittens|work gloves|gardening gloves", "wallet": "card holder|slim wallet|purse",
    "handbag": "crossbody bag|shoulder bag|bag", "tote": "tote bag", "suitcase": "luggage|trolley|travel bag",
    "sneaker": "sneakers|running shoes|trainers|trail shoes|hiking shoes|shoes|walking shoes|tennis shoes|"
    "cycling shoes|women|men|kids", "boot": "ankle boots|rain boots|chelsea boots|winter boots|hiking boots",
    "heel": "pumps|block heels|ballet flats|flats", "oxford": "oxford shoes|loafers|derby shoes|dress shoes",
    "sandal": "flip flops|slides", "slipper": "clogs|slip ons|house shoes", "insole": "gel insoles",
    "laces": "shoe laces", "polish": "shoe cream|shoe polish|leather balm|wax", "tent": "dome tent|camping",
    "mat": "sleeping mat|air mattress|camping pad", "stove": "gas stove|camping stove", "headlamp": "head torch|torch",
    "camp chair": "camping chair", "poles": "trekking poles|hiking", "bike": "bicycle|mountain bike|cycling|sports",
    "bike light": "bike light set|rear light|front light", "lock": "bike lock", "pump": "bike pump",
    "dumbbell": "weights|barbell|fitness", "yoga mat": "exercise mat|yoga", "treadmill": "rowing machine",
    "resistance band": "exercise bands", "goggles": "swim goggles|ski goggles",
    "paddle board": "inflatable kayak|kayak|surfboard", "dry bag": "waterproof backpack",
    "skis": "snowboards|snowboard", "ball": "soccer ball|basketball|volleyball|football",
    "racket": "tennis racket|badminton racket", "blocks": "building block set|building set|brick set|toys",
    "marble run": "ball track set", "model plane": "model kit|model aircraft kit|model ship kit",
    "teddy": "teddy bear|plush rabbit|stuffed elephant|plush dinosaur|plush|stuffed animal", "doll": "baby doll",
    "dollhouse": "doll furniture set", "toy car": "rc car|train set|fire engine|garbage truck|remote control car|"
    "rc boat|toy", "drone": "quadcopter drone", "scooter": "kick scooter|tricycle|balance bike",
    "game": "board game|strategy game|games", "cards": "card game|dice game|party game", "puzzle": "jigsaw puzzle",
    "chess": "chess set|backgammon set|domino set", "microscope": "science kit|crystal growing kit|microscope set",
    "xylophone": "toy piano|musical toys", "drum": "drum set", "robot": "coding robot|robot kit",
    "crayons": "colored pencils|finger paints|wax crayons|paint", "rattle": "teething ring|activity gym|baby",
    "cream": "face cream|moisturizer|balm|lip balm|hair gel|styling wax|clay|skin care|beauty|make up",
    "dropper": "serum|face oil|oil|eye serum|essential oil", "tube": "hand cream|foot cream|sunscreen|sun cream|"
    "toothpaste|bb cream|concealer|face scrub|cleansing gel|hair mask|lotion|body lotion|sun lotion",
    "pump bottle": "soap|shower gel|face wash|body wash|micellar water|bath foam", "flip bottle": "shampoo|"
    "conditioner|leave in conditioner|mouthwash|dental floss",
    "spray": "hair spray|sea salt spray|deodorant|pressure sprayer",
    "mask": "sheet mask|clay mask|lip mask|face mask", "hair brush": "detangling brush|paddle brush|comb",
    "hair dryer": "hairdryer", "straightener": "hair straightener|curling iron", "compact": "foundation|powder",
    "lipstick": "lip gloss", "mascara": "eyeliner|brow gel", "palette": "eyeshadow palette",
    "nail polish": "gel nail polish", "brushes": "brush set|make up brush set|face brush set",
    "perfume": "fragrance spray|fragrance|eau de parfum", "shaver": "electric shaver|beard trimmer|body groomer|"
    "trimmer", "toothbrush": "sonic toothbrush", "razor": "wet razor", "spade": "shovel|trowel|hoe|"
    "garden fork|hand trowel", "shears": "pruning shears|loppers|hedge shears|scissors|secateurs",
    "mower": "lawn mower|lawnmower", "chainsaw": "hedge trimmer|pole saw", "hose": "garden hose|water hose",
    "plant": "planter|flower pot|raised bed|garden|patio garden", "seeds": "vegetable seeds|seed",
    "sack": "plant food|fertilizer|potting soil|soil|dog food|cat food|food", "drill": "cordless drill|hammer drill|"
    "impact driver|power tools", "circular saw": "jigsaw|miter saw|saw", "sander": "angle grinder|orbital sander|"
    "multi tool", "tool battery": "battery charger", "bits": "drill bit set|saw blade set|screwdriver bit set",
    "wrench": "screwdriver set|wrench set|socket set|pliers set|screwdriver|pliers|hand tools|tools",
    "hammer": "rubber mallet|sledgehammer|mallet", "level": "spirit level", "tape": "tape measure|measuring tape",
    "toolbox": "tool box|tool bag", "brush tool": "grill brush|grill basting brush|brush", "spatula": "grill spatula",
    "pen": "ballpoint pen|gel pen|rollerball pen", "marker": "markers|highlighters|whiteboard markers",
    "pencil": "mechanical pencil|clutch pencil", "notebook": "planner|hardcover notebook|book|journal|office",
    "paper": "copy paper|printer paper|photo paper", "sticky": "sticky notes|address labels|index tabs",
    "calendar": "wall calendar|desk calendar", "office chair": "ergonomic chair|desk chair",
    "desk": "standing desk|writing desk|corner desk", "cabinet": "filing cabinet|mobile pedestal|drawer unit",
    "shredder": "paper shredder", "laminator": "label printer|binding machine", "cartridge": "toner cartridge|toner",
    "organizer": "desk organizer|pen holder|letter tray", "binder": "ring binder|lever arch file|document folder",
    "stapler": "hole punch|staple remover", "whiteboard": "dry erase board", "presenter": "presentation remote",
    "envelope": "padded envelopes", "box": "shipping boxes|mailer boxes",
}  # fmt: skip


def spelled(text: str) -> str:
    """'USB-C Chargers' -> ' usb c charger ': words without their plural, between spaces."""
    words = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
    return f" {' '.join(word.removesuffix('s') for word in words)} "


SHAPE_BY_NOUN = {spelled(shape): shape for shape in SHAPES} | {
    spelled(noun): shape for shape, nouns in _NOUNS.items() for noun in nouns.split("|")
}
