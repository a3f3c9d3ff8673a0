"""Synonyms over REST."""

from tests.recording.identifiers import UNKNOWN
from tests.recording.steps import Step, get, search_after_changes, send

PATH = "/api/v1/merchandising/synonyms"
ENTRY = {"kind": "two_way", "terms": ["widget", "gizmotron"]}

STEPS: list[Step] = [
    get("synonyms: list", PATH, "synonyms", credential="merchandiser"),
    get("synonyms: list, searched", f"{PATH}?search=TV&per_page=1", "synonyms", credential="admin"),
    get("synonyms: list, by nobody", PATH, "synonyms"),
    get("synonyms: list, by an editor", PATH, "synonyms", credential="editor"),
    send("synonyms: create", "POST", PATH, ENTRY, "synonyms", credential="merchandiser", saves={"synonym": "id"}),
    send(
        "synonyms: create, twice",
        "POST",
        PATH,
        ENTRY | {"terms": ["Gizmotron ", "Wídget"]},
        "synonyms",
        credential="merchandiser",
    ),
    *(
        send(f"synonyms: create refused, {name}", "POST", PATH, body, "synonyms", credential="merchandiser")
        for name, body in {
            "kind": {"kind": "both", "terms": ["a1", "b1"]},
            "one term": {"kind": "two_way", "terms": ["a1"]},
            "one way": {"kind": "one_way", "terms": ["a1"]},
            "alike": {"kind": "two_way", "terms": ["cafe", "Café"]},
            "no letter": {"kind": "two_way", "terms": ["!", "a1"]},
            "words": {"kind": "two_way", "terms": ["a b c d e f", "x"]},
            "unknown": {"kind": "two_way", "terms": ["a1", "b1"], "x": 1},
        }.items()
    ),
    search_after_changes("synonyms: search", "q=gizmotron&facets=none", "synonyms"),
    get("synonyms: one", f"{PATH}/${{synonym}}", "synonyms", credential="merchandiser"),
    send(
        "synonyms: replace",
        "PUT",
        f"{PATH}/${{synonym}}",
        {"kind": "one_way", "terms": ["gadgetry", "widget"]},
        "synonyms",
        credential="merchandiser",
    ),
    search_after_changes("synonyms: search one way", "q=gadgetry&facets=none", "synonyms"),
    send("synonyms: delete", "DELETE", f"{PATH}/${{synonym}}", None, "synonyms", credential="merchandiser"),
    send("synonyms: delete, twice", "DELETE", f"{PATH}/${{synonym}}", None, "synonyms", credential="merchandiser"),
    get("synonyms: unknown", f"{PATH}/{UNKNOWN}", "synonyms", credential="merchandiser"),
    get("synonyms: no id", f"{PATH}/42", "synonyms", credential="merchandiser"),
]
