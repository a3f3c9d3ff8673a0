"""Who sends the requests of a recording: a user of each role, and API keys."""

from typing import Any

ROLES = ("admin", "editor", "merchandiser", "analyst", "storefront")
PASSWORD = "a password of the recording"

KEYS: dict[str, dict[str, Any]] = {
    "key-all": {
        "name": "all",
        "scopes": [
            "search",
            "read",
            "read_drafts",
            "read_sync",
            "write",
            "merchandise",
            "explain",
            "administer",
            "order",
            "read_orders",
        ],
    },
    "key-search": {"name": "search only", "scopes": ["search"]},
    "key-none": {"name": "nothing", "scopes": []},
    "key-norvane": {"name": "Norvane", "scopes": ["search", "read", "explain"], "forced": {"brand": "Norvane"}},
    "key-wear": {
        "name": "Wear in stock",
        "scopes": ["search", "read", "read_sync", "explain"],
        "forced": {"category": "wear", "in_stock": True},
    },
    "key-red": {"name": "Red or blue", "scopes": ["search", "read"], "forced": {"attr.color": ["red", "blue"]}},
    "key-reduced": {"name": "Reduced", "scopes": ["search", "read"], "forced": {"on_sale": True}},
    "key-nowhere": {"name": "Nothing in sight", "scopes": ["search", "read"], "forced": {"brand": "No such brand"}},
}
