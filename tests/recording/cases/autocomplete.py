"""Autocomplete over REST, with and without Elasticsearch, and what it refuses."""

from tests.recording.cases.queries import COMPLETIONS
from tests.recording.cases.search import SERVERS
from tests.recording.steps import Step, get, send

PATH = "/api/v1/autocomplete"
WHERE = {"main": "autocomplete", "degraded": "degraded autocomplete"}

STEPS: list[Step] = [
    *(
        get(f"{WHERE[server]}: {name}", PATH, WHERE[server], params=pairs, credential=credential, server=server)
        for server in SERVERS
        for name, pairs, credential in COMPLETIONS
    ),
    get("autocomplete refused: limit", f"{PATH}?q=a&limit=21", "autocomplete"),
    get("autocomplete refused: limit zero", f"{PATH}?q=a&limit=0", "autocomplete"),
    get("autocomplete refused: too long", f"{PATH}?q={'x' * 201}", "autocomplete"),
    get("autocomplete refused: unknown parameter", f"{PATH}?q=a&page=1", "autocomplete"),
    get("autocomplete refused: twice", f"{PATH}?q=a&q=b", "autocomplete"),
    get("autocomplete refused: scope", f"{PATH}?q=a", "autocomplete", credential="key-none"),
    send("autocomplete refused: method", "POST", PATH, {}, "autocomplete"),
]
