"""The catalogue of a recording: generated products from a seed, and these, each of which reaches a corner."""

from typing import Any

GENERATED_COUNT = 700
GENERATED_SEED = 7


def _variant(sku: str, price: str, inventory: int, **options: str) -> dict[str, Any]:
    return {"sku": sku, "price": price, "inventory": inventory, "options": options}


PRODUCTS: list[dict[str, Any]] = [
    # Names, brands and identifiers.
    {
        "sku": "NX-450",
        "name": "Norvane NX-450 Laptop",
        "brand": "Norvane",
        "category": "Devices > Laptops",
        "price": "899.00",
        "inventory": 3,
        "popularity": 0.6,
        "gtin": "4006381333931",
        "attributes": {"color": "silver", "weight_g": 1400, "model": "NX450", "screen_size_in": 15.6, "memory_gb": 16},
    },
    {
        "sku": "NX-455",
        "name": "Norvane NX-455 Laptop 1 TB",
        "brand": "Norvane",
        "category": "Devices > Laptops",
        "price": "1099.00",
        "compare_at_price": "1299.00",
        "inventory": 0,
        "popularity": 0.4,
        "attributes": {"color": "black", "weight_g": 1350, "storage_gb": 1000, "screen_size_in": 13.3},
    },
    {
        "sku": "BAG-1",
        "name": "Laptop Bag",
        "brand": "Carry",
        "category": "Devices > Accessories",
        "price": "39.90",
        "inventory": 10,
        "popularity": 0.9,
        "attributes": {"color": "black", "weight_g": 600, "waterproof": True},
    },
    {
        "sku": "BAG-2",
        "name": "Laptop Sleeve for 13-inch laptops",
        "brand": "Carry",
        "price": "24.00",
        "inventory": 4,
        "category": "Devices > Accessories",
        "attributes": {"color": ["black", "grey"], "fits": ['13"', '14"']},
    },
    {
        "sku": "HP-2",
        "name": "Aero Wireless Headphones",
        "brand": "Norvane",
        "category": "Devices > Audio",
        "price": "59.90",
        "compare_at_price": "79.90",
        "inventory": 0,
        "gtin": "4006381333948",
        "description": "Light headphones with <b>deep</b> bass & long playing time. \"Quotes\" and 'more'.",
    },
    {
        "sku": "HP-3",
        "name": "Head Set for Calls",
        "brand": "Norvane",
        "category": "Devices > Audio",
        "price": "45.50",
        "inventory": 12,
        "attributes": {"wireless": False, "color": "black"},
    },
    {"sku": "1440", "name": "Film 2000", "brand": "Lumen & Co", "category": "Films", "price": "12.00", "inventory": 5},
    {"sku": "F-77", "name": "1440", "brand": "Lumen & Co", "category": "Films", "price": "14.00", "inventory": 5},
    # Letters.
    {
        "sku": "CAFE-1",
        "name": "Café Crème Mug",
        "brand": "Élanvert",
        "category": "Kitchen > Cups",
        "price": "9.00",
        "inventory": 1,
        "attributes": {"volume_ml": 300, "material": "porcelain"},
    },
    {
        "sku": "LODZ-1",
        "name": "Łódź Kettle",
        "brand": "Żar",
        "category": "Kitchen > Kettles",
        "price": "29.99",
        "inventory": 8,
        "attributes": {"volume_l": 1.7, "color": "black", "power_w": 2200},
    },
    {
        "sku": "UML-1",
        "name": "Größe Äpfel Schüssel",
        "brand": "Müller",
        "category": "Kitchen > Bowls",
        "price": "19.50",
        "inventory": 2,
        "attributes": {"material": "steel"},
    },
    {
        "sku": "TR-1",
        "name": "İstanbul Çay Bardağı",
        "brand": "Çınar",
        "category": "Kitchen > Cups",
        "price": "4.20",
        "inventory": 40,
    },
    {
        "sku": "JA-1",
        "name": "急須 Teapot 日本",
        "brand": "Kyusu",
        "category": "Kitchen > Teapots",
        "price": "64.00",
        "inventory": 2,
        "attributes": {"made_in": "日本", "volume_ml": 450},
    },
    {
        "sku": "EMO-1",
        "name": "Party Cup 🎉 Set",
        "brand": "Fête",
        "category": "Kitchen > Cups",
        "price": "6.66",
        "inventory": 6,
        "attributes": {"pieces": 12},
    },
    {
        "sku": "LIG-1",
        "name": "ﬁne oﬃce Teapot",
        "brand": "Kyusu",
        "category": "Kitchen > Teapots",
        "price": "32.10",
        "inventory": 3,
    },
    {
        "sku": "RTL-1",
        "name": "إبريق شاي Teapot",
        "brand": "Kyusu",
        "category": "Kitchen > Teapots",
        "price": "22.10",
        "inventory": 0,
    },
    # Variants: filters hold for one and the same.
    {
        "sku": "TEE",
        "name": "Cotton T-Shirt",
        "brand": "Weft",
        "category": "Wear > Shirts",
        "price": "15.00",
        "variants": [
            _variant("TEE-M", "15.00", 0, size="M", color="red"),
            _variant("TEE-L", "18.00", 4, size="L", color="blue"),
            _variant("TEE-XL", "21.00", 1, size="XL", color="red"),
        ],
        "images": ["https://images.example.com/tee/1.jpg", "https://images.example.com/tee/2.jpg"],
    },
    {
        "sku": "JEAN",
        "name": "Weft Denim Jeans",
        "brand": "Weft",
        "category": "Wear > Trousers",
        "price": "49.00",
        "compare_at_price": "69.00",
        "attributes": {"fit": "slim"},
        "variants": [
            _variant("JEAN-30", "49.00", 2, size="30", color="blue"),
            _variant("JEAN-32", "49.00", 0, size="32", color="blue"),
            _variant("JEAN-34", "59.00", 7, size="34", color="black"),
        ],
    },
    {
        "sku": "SOCK",
        "name": "Wool Socks",
        "brand": "weft",
        "category": "Wear > Socks",
        "price": "8.00",
        "variants": [_variant("SOCK-1", "8.00", 0, size="M", color="grey")],
    },
    # Measures.
    {
        "sku": "CBL-2",
        "name": "USB-C Cable 2 m",
        "brand": "Linkwell",
        "category": "Devices > Cables",
        "price": "9.99",
        "inventory": 100,
        "attributes": {"length_cm": 200},
    },
    {
        "sku": "CBL-3",
        "name": "USB-C Cable 50 cm",
        "brand": "Linkwell",
        "category": "Devices > Cables",
        "price": "7.99",
        "inventory": 30,
        "attributes": {"length_cm": 50},
    },
    {
        "sku": "PB-20",
        "name": "Power Bank 20,000 mAh",
        "brand": "Linkwell",
        "category": "Devices > Power",
        "price": "35.00",
        "inventory": 9,
        "attributes": {"battery_mah": 20000, "waterproof": True},
    },
    {
        "sku": "SHAM-1",
        "name": "Shampoo without Sulfate 0,5 l",
        "brand": "Verbena",
        "category": "Care > Hair",
        "price": "11.20",
        "inventory": 14,
        "attributes": {"volume_ml": 500, "vegan": True},
    },
    {
        "sku": "SHAM-2",
        "name": "Repair Shampoo 250 ml",
        "brand": "Verbena",
        "category": "Care > Hair",
        "price": "6.20",
        "inventory": 3,
        "attributes": {"volume_ml": 250, "vegan": False},
    },
    {
        "sku": "TV-55",
        "name": 'Flat Screen 55" 4K Television',
        "brand": "Vistral",
        "category": "Devices > Televisions",
        "price": "749.00",
        "inventory": 2,
        "attributes": {"screen_size_in": 55, "resolution": "4K"},
    },
    {
        "sku": "WIFI-1",
        "name": "Wi-Fi 6 Router",
        "brand": "Linkwell",
        "category": "Devices > Network",
        "price": "89.00",
        "inventory": 5,
        "attributes": {"waterproof": False, "ports": 4},
    },
    # Attributes of odd names and values.
    {
        "sku": "ODD-1",
        "name": "Beam Lamp",
        "brand": "Lumen & Co",
        "category": "Lights",
        "price": "17.00",
        "inventory": 1,
        "attributes": {"beam_min": 5, "beam": 40, "a/b": "yes", "größe": "L", "with space": "a, b"},
    },
    {
        "sku": "ODD-2",
        "name": "Mixed Lamp",
        "brand": "Lumen & Co",
        "category": "Lights",
        "price": "18.00",
        "inventory": 1,
        "attributes": {"level": "high", "beam": 60, "negative": -5, "fraction": 0.125},
    },
    {
        "sku": "ODD-3",
        "name": "Level Lamp",
        "brand": "Lumen & Co",
        "category": "Lights",
        "price": "19.00",
        "inventory": 1,
        "attributes": {"level": 3, "beam": 80, "negative": -1, "fraction": 12.5},
    },
    {
        "sku": "ODD-4",
        "name": "Lamp with a long description",
        "brand": "Lumen & Co",
        "category": "Lights",
        "price": "0.00",
        "inventory": 0,
        "description": "A lamp. " + "It shines and shines. " * 60 + "Until it ends.",
        "attributes": {"essay": "word " * 300},
    },
    {
        "sku": "MARK-1",
        "name": "<script>alert(1)</script> Poster",
        "brand": 'O\'Neil "Art"',
        "price": "5.00",
        "category": "Art > Posters",
        "inventory": 3,
        "description": "</em> & <img src=x onerror=alert(1)> poster",
    },
    # Prices from nothing to the most.
    {
        "sku": "MAX-1",
        "name": "Priceless Poster",
        "brand": "Lumen & Co",
        "category": "Art > Posters",
        "price": "99999999.99",
        "inventory": 2147483647,
    },
    {
        "sku": "POP-1",
        "name": "Popular Poster",
        "brand": "Lumen & Co",
        "category": "Art > Posters",
        "price": "5.00",
        "inventory": 3,
        "popularity": 1200,
    },
    {"sku": "NOCAT", "name": "Uncategorised Oddment", "price": "1.00", "inventory": 1},
    # Ties: equal but for their ids.
    *(
        {
            "sku": f"TIE-{number}",
            "name": "Plain Paperclip",
            "brand": "Papyrus",
            "category": "Paper > Clips",
            "price": "1.00",
            "inventory": 10,
        }
        for number in range(6)
    ),
    *(
        {
            "sku": f"SUM-{number}",
            "name": f"Garden Chair {number}",
            "brand": f"Maker {number}",
            "price": f"{number}9.00",
            "category": f"Outside > Chairs > Kind {number % 3}",
            "inventory": number % 2,
            "attributes": {"color": ["red", "green", "blue"][number % 3], "weight_g": 1000 + number * 250},
        }
        for number in range(1, 13)
    ),
    # Alike, but the second one is new: see `preparation.py`.
    *(
        {"sku": sku, "name": "Novellite Lantern", "brand": "Novel", "category": "Novelties", "price": "3.00"}
        for sku in ("STALE", "FRESH")
    ),
    # Not to be seen.
    {
        "sku": "DRAFT",
        "name": "Secret Laptop",
        "status": "draft",
        "price": "1.00",
        "category": "Devices > Laptops",
        "brand": "Hidden House",
    },
    {"sku": "ARCH", "name": "Archived Laptop", "status": "archived", "price": "1.00", "category": "Devices > Laptops"},
    {"sku": "LATER", "name": "Future Laptop", "publish_from": "2199-01-01T00:00:00Z", "price": "2.00"},
    {"sku": "GONE", "name": "Past Laptop", "publish_until": "1999-01-01T00:00:00Z", "price": "3.00"},
    {
        "sku": "NOW",
        "name": "Current Zephyrium Lamp",
        "publish_from": "1999-01-01T00:00:00Z",
        "publish_until": "2199-01-01T00:00:00Z",
        "price": "3.00",
        "category": "Lights",
        "inventory": 2,
    },
    # Made for the requests that change something.
    *(
        {
            "sku": f"EDIT-{number}",
            "name": f"Quillonite Widget {number}",
            "brand": "Quillon",
            "price": "20.00",
            "category": "Workbench > Widgets",
            "inventory": 50,
            "attributes": {"color": "white", "weight_g": 100},
            "images": [f"https://images.example.com/edit-{number}/{place}.jpg" for place in (1, 2)],
        }
        for number in range(1, 9)
    ),
    {
        "sku": "EDIT-V",
        "name": "Quillonite Gadget",
        "brand": "Quillon",
        "category": "Workbench > Gadgets",
        "price": "10.00",
        "variants": [_variant("EDIT-V-S", "10.00", 5, size="S"), _variant("EDIT-V-M", "10.00", 5, size="M")],
    },
]

SYNONYMS: list[dict[str, Any]] = [
    {"kind": "two_way", "terms": ["tv", "television", "flat screen"]},
    {"kind": "one_way", "terms": ["trousers", "jeans", "pants"]},
    {"kind": "two_way", "terms": ["notebook computer", "laptop"]},
    {"kind": "two_way", "terms": ["brolly", "umbrella"]},
]
