"""Search over REST, and the same while Elasticsearch is away."""

from tests.recording.cases.queries import FORCED_KEYS, SEARCHES, query
from tests.recording.steps import ServerName, Step, get, send

PATH = "/api/v1/search"
SERVERS: tuple[ServerName, ...] = ("main", "degraded")
WHERE = {"main": "search", "degraded": "degraded search"}

EXPLANATIONS = [
    query("laptop", "laptop", "admin"),
    query("filtered", "red shirt", "merchandiser", attr_size="XL"),
    query("corrected", "wireles headphnes", "admin"),
    query("identifier", "nx450", "admin"),
    query("synonym", "tv", "merchandiser"),
    query("measure", "2 m cable", "admin"),
    query("everything", "", "admin", sort="name"),
    query("forced", "laptop", "key-norvane"),
]
VALUES = [
    ("brand", "brand?prefix=n"),
    ("colour", "attr.color?prefix=bl&q=laptop"),
    ("whole", "attr.color?q=laptop"),
    ("selected", "attr.color?prefix=re&attr.color=red&attr.color=pink"),
    ("accent left out", "brand?prefix=elan"),
    ("stroked letter left out", "brand?prefix=zar"),
    ("category", "category?prefix=ke"),
    ("slash", "attr.a/b?prefix=y"),
    ("flag", "attr.waterproof?prefix=t"),
    ("numbers", "attr.level?prefix=3"),
    ("of the page's address", "brand?q=laptop&sort=price_asc&page=2&per_page=5&facets=brand&prefix=c"),
    ("generated", "attr.material?prefix=co&category=home-kitchen"),
    ("unknown attribute", "attr.nothing?prefix=x"),
    ("range", "price?prefix=1"),
    ("number attribute", "attr.weight_g?prefix=1"),
    ("unknown facet", "nothing?prefix=x"),
    ("unknown parameter", "brand?prefix=x&nothing=1"),
]


def _both_servers() -> list[Step]:
    steps: list[Step] = []
    for server in SERVERS:
        where = WHERE[server]
        steps += [
            get(f"{where}: {name}", PATH, where, params=pairs, credential=credential, server=server)
            for name, pairs, credential in SEARCHES
        ]
        steps += [
            get(
                f"{where}, explain: {name}",
                PATH,
                where,
                params=[*pairs, ("explain", "true")],
                credential=credential,
                server=server,
                volatile=("now",),
            )
            for name, pairs, credential in EXPLANATIONS
        ]
        steps += [
            get(f"{where}, facet values: {name}", f"{PATH}/facets/{rest}", where, server=server)
            for name, rest in VALUES
        ]
        steps += [
            get(
                f"{where}, facet values: colours, {credential}",
                f"{PATH}/facets/attr.color?q=",
                where,
                server=server,
                credential=credential,
            )
            for credential in FORCED_KEYS
        ]
        steps += [
            send(f"{where}, body: {name}", "POST", PATH, body, where, server=server) for name, body in BODIES.items()
        ]
        steps += [
            send(
                f"{where}, several", "POST", f"{PATH}/multi", {"searches": list(BODIES.values())}, where, server=server
            ),
            *_walk(where, server),
        ]
    return steps


BODIES = {
    "words": {"q": "laptop", "per_page": 3},
    "lists": {"q": "laptop", "brand": ["Norvane", "Carry"], "attr.color": ["black"], "in_stock": True},
    "numbers": {"price_min": 10, "price_max": 20.5, "page": 1, "attr.weight_g_min": 500, "facets": ["price"]},
    "nothing": {},
    "nulls": {"q": None, "brand": None},
}


def _walk(where: str, server: ServerName) -> list[Step]:
    """Three pages by cursor, and one from a numbered page."""
    first = f"{PATH}?q=garden+chair&per_page=5&cursor=*"
    following = f"{PATH}?q=garden+chair&per_page=5&cursor=${{{server}_cursor}}"
    saves = {f"{server}_cursor": "next_cursor"}
    steps: list[Step] = [
        get(f"{where}, walk: first", first, where, server=server, saves=saves),
        get(f"{where}, walk: second", following, where, server=server, saves=saves),
        get(f"{where}, walk: third", following, where, server=server),
        get(f"{where}, walk: other search", following.replace("chair", "lamp"), where, server=server),
        get(f"{where}, walk: other filters", following, where, server=server, credential="key-norvane"),
        get(
            f"{where}, walk: from a page",
            f"{PATH}?sort=name&page=2&per_page=3&facets=none",
            where,
            server=server,
            saves={f"{server}_page": "next_cursor"},
        ),
        get(
            f"{where}, walk: behind a page",
            f"{PATH}?sort=name&per_page=3&facets=none&cursor=${{{server}_page}}",
            where,
            server=server,
        ),
    ]
    return steps


STEPS: list[Step] = [
    *_both_servers(),
    # What newness adds to the score grows less with every second.
    get("search: the new one first", f"{PATH}?q=novellite+lantern&facets=none", "search", volatile=("score",)),
]
