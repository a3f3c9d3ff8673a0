"""Categories over REST."""

from tests.recording.identifiers import UNKNOWN, category_id
from tests.recording.steps import Indexed, Step, get, search_after_changes, send

PATH = "/api/v1/categories"
DEVICES, WIDGETS = category_id("devices"), category_id("workbench/widgets")

READS: list[Step] = [
    get("categories: tree", PATH, "categories"),
    get("categories: tree, by an editor", PATH, "categories", credential="editor"),
    get("categories: tree, key-norvane", PATH, "categories", credential="key-norvane"),
    get("categories: tree, key-wear", PATH, "categories", credential="key-wear"),
    get("categories: tree, key-nowhere", PATH, "categories", credential="key-nowhere"),
    get("categories: one", f"{PATH}/{DEVICES}", "categories"),
    get("categories: hidden one", f"{PATH}/{category_id('wear')}", "categories", credential="key-norvane"),
    get("categories: unknown", f"{PATH}/{UNKNOWN}", "categories"),
    get("categories: no id", f"{PATH}/42", "categories"),
    get("categories: unknown parameter", f"{PATH}?x=1", "categories"),
]
WRITES: list[Step] = [
    send("categories: create, by nobody", "POST", PATH, {"name": "Tools"}, "categories"),
    send("categories: create, by an analyst", "POST", PATH, {"name": "Tools"}, "categories", credential="analyst"),
    send(
        "categories: create",
        "POST",
        PATH,
        {"name": "Räume & Türen", "position": 3},
        "categories",
        credential="editor",
        saves={"category": "id"},
    ),
    send(
        "categories: create below",
        "POST",
        PATH,
        {"name": "Klinken", "parent_id": "${category}"},
        "categories",
        credential="editor",
        saves={"child": "id"},
    ),
    send("categories: create, taken", "POST", PATH, {"name": "Räume & Türen"}, "categories", credential="editor"),
    send(
        "categories: create, wrong",
        "POST",
        PATH,
        {"name": "!!", "slug": "A B", "position": -1, "x": 1},
        "categories",
        credential="editor",
    ),
    send("categories: create, names of two", "POST", PATH, {"name": "A > B"}, "categories", credential="editor"),
    send(
        "categories: create, unknown parent",
        "POST",
        PATH,
        {"name": "A", "parent_id": UNKNOWN},
        "categories",
        credential="editor",
    ),
    send("categories: rename", "PATCH", f"{PATH}/${{category}}", {"name": "Rooms"}, "categories", credential="editor"),
    send(
        "categories: change the address",
        "PATCH",
        f"{PATH}/${{category}}",
        {"slug": "rooms"},
        "categories",
        credential="editor",
    ),
    send(
        "categories: move into itself",
        "PATCH",
        f"{PATH}/${{category}}",
        {"parent_id": "${child}"},
        "categories",
        credential="editor",
    ),
    send("categories: null", "PATCH", f"{PATH}/${{category}}", {"name": None}, "categories", credential="editor"),
    send("categories: replace", "PUT", f"{PATH}/${{child}}", {"name": "Handles"}, "categories", credential="editor"),
    send(
        "categories: replace unknown",
        "PUT",
        f"{PATH}/{UNKNOWN}",
        {"name": "Handles"},
        "categories",
        credential="editor",
    ),
    send(
        "categories: rename one with products",
        "PATCH",
        f"{PATH}/{WIDGETS}",
        {"name": "Gizmos"},
        "categories",
        credential="editor",
    ),
    Indexed(),
    search_after_changes(
        "categories: search after the rename", "category=workbench/widgets&facets=category", "categories"
    ),
    send(
        "categories: delete one with products", "DELETE", f"{PATH}/{WIDGETS}", None, "categories", credential="editor"
    ),
    send("categories: delete", "DELETE", f"{PATH}/${{category}}", None, "categories", credential="editor"),
    send("categories: delete, twice", "DELETE", f"{PATH}/${{category}}", None, "categories", credential="editor"),
    send("categories: delete the child", "DELETE", f"{PATH}/${{child}}", None, "categories", credential="editor"),
    send(
        "categories: delete with products",
        "DELETE",
        f"{PATH}/{category_id('films')}?cascade=true",
        None,
        "categories",
        credential="editor",
    ),
    Indexed(),
    search_after_changes("categories: search after the deletion", "q=film+2000&facets=none", "categories"),
    get("categories: tree, at last", PATH, "categories", credential="editor"),
]
