"""docs/reference/settings.md and .env.example, made from the one description of each setting: `catalog.settings`."""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from catalog.settings import FROM_FILES, PREFIX, Settings

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
# Heading, page with more about it, and how the names of its settings begin. Each setting is in exactly one group.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Servers", "../deploy.md", ("database_", "redis_url", "elasticsearch_")),
    ("API", "../deploy.md", ("http_", "max_b", "search_timeout_seconds")),
    (
        "Credentials",
        "../identity.md",
        ("jwt_", "public_search", "refresh_", "identity_", "api_key_", "oidc_"),
    ),
    ("First user", "../quickstart.md", ("admin_",)),
    ("Catalogue and index", "../operations.md", ("currency", "language", "index_", "standby_", "tombstone_")),
    ("Synchronisation", "../sync.md", ("sync_", "reconcile_", "pump_", "worker_", "failpoint")),
    ("Attributes and synonyms", "../synonyms.md", ("attribute_types_", "synonyms_")),
    ("Fallback and search cache", "../degraded.md", ("breaker_", "fallback_", "cache_")),
    (
        "Limits",
        "../limits.md",
        (
            "limits_",
            "trusted_",
            "metrics_",
            "cors_",
            "request_",
            "bulk_",
            "max_conc",
            "max_url",
            "max_header",
            "header_",
        ),
    ),
    ("GraphQL", "../api-graphql.md", ("graphql_",)),
    ("gRPC", "../api-grpc.md", ("grpc_",)),
    ("Live updates", "../live.md", ("live_",)),
    ("Domain events and webhooks", "../events.md", ("events_", "event_", "webhook_")),
    ("Orders and e-mail", "../orders.md", ("orders_", "smtp_")),
    ("Logs and traces", "../operations.md", ("log_", "otlp_")),
    ("Folders of `catalog up`", "../deploy.md", ("stack_",)),
)
# Of `.env.example`: what a deployment must set, and examples of settings that have no default.
ACTIVE = {"jwt_secret": "generated", "admin_email": "admin@example.com", "admin_password": "generated"}
EXAMPLES = {
    "elasticsearch_username": "elastic",
    "elasticsearch_ca_certs": "/etc/ssl/certs/elasticsearch.pem",
    "grpc_tls_certificate": "/etc/ssl/catalog/server.crt",
    "grpc_tls_key": "/etc/ssl/catalog/server.key",
    "oidc_issuer": "https://login.example.com/realms/shop",
    "oidc_audience": "catalog",
    "oidc_roles": "shop-admins=admin, shop-staff=editor",
    "events_url": "redis://127.0.0.1:56379/0",
    "otlp_endpoint": "http://localhost:4318",
    "stack_home": "/var/lib/catalog-search",
    "stack_cache": "/var/cache/catalog-search",
}
ENV_HEAD = """\
# Copy this to `.env`; the service and docker compose read it. `make demo` does so with a container engine, and puts a
# random value wherever `generated` stands. Made by `make reference` from catalog/settings.py: change it there.

# Passwords of the servers in docker-compose.yml. They become parts of URLs: letters and digits only.
POSTGRES_PASSWORD=generated
REDIS_PASSWORD=generated
ELASTIC_PASSWORD=generated
# Where docker compose publishes the servers on this machine.
# POSTGRES_PORT=55432
# REDIS_PORT=56379
# ELASTICSEARCH_PORT=59200
"""
PAGE_HEAD = """\
# Settings

<!-- Made by `make reference` from catalog/settings.py: change it there. -->

Settings come from the environment or from a file `.env` in the working folder, with the prefix `CATALOG_`.
An unknown `CATALOG_` name or a malformed value is an error at the start, with the list of known names.
`.env.example` lists all that a deployment may want.

A setting that can hold a secret can be read from a file: `CATALOG_JWT_SECRET_FILE=/run/secrets/jwt`.
Those are {files}.
"""


_WORDS: dict[Any, str] = {bool: "true or false", int: "integer", float: "number", SecretStr: "secret"}


def settings_page() -> str:
    """The Markdown of docs/reference/settings.md."""
    files = ", ".join(f"`{name.upper()}_FILE`" for name in Settings.model_fields if name in FROM_FILES)
    parts = [PAGE_HEAD.format(files=files)]
    for title, page, names in _grouped():
        parts.append(f"## {title}\n\nMore: [{_title_of(page)}]({page}).\n")
        parts.append("| `CATALOG_…` | Type | Default | Meaning |\n|---|---|---|---|")
        parts += [_row(name, Settings.model_fields[name]) for name in names]
        parts.append("")
    return "\n".join(parts)


def env_example() -> str:
    """The text of `.env.example`: every setting but the one for tests, with its default, in a comment."""
    parts = [ENV_HEAD]
    for title, page, names in _grouped():
        parts.append(f"# --- {title.replace('`', '')} (docs/{page.removeprefix('../')})")
        for name in names:
            if name == "failpoint":
                continue
            field = Settings.model_fields[name]
            value = ACTIVE.get(name) or EXAMPLES.get(name) or _shown(field.default)
            parts.append(f"# {field.description}")
            parts.append(f"{'' if name in ACTIVE else '# '}{PREFIX}{name.upper()}={value}")
        parts.append("")
    return "\n".join(parts)


def group_of(name: str) -> list[str]:
    """Headings of the groups that the setting `name` is in."""
    return [title for title, _, beginnings in GROUPS if name.startswith(beginnings)]


def _grouped() -> list[tuple[str, str, list[str]]]:
    return [
        (title, page, [name for name in Settings.model_fields if name.startswith(beginnings)])
        for title, page, beginnings in GROUPS
    ]


def _title_of(page: str) -> str:
    """The heading of a page, which is named relative to docs/reference."""
    return (REFERENCE / page).read_text().partition("\n")[0].removeprefix("# ")


def _row(name: str, field: FieldInfo) -> str:
    default = _shown(field.default)
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name.upper()}` | {_type(field)} | {f'`{default}`' if default else '–'} | {meaning} |"


def _shown(default: Any) -> str:
    if default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def _type(field: FieldInfo) -> str:
    """What a value is, with its bounds: "integer, 1 to 200"."""
    annotation = field.annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    if choices:
        return "one of " + ", ".join(f"`{choice}`" for choice in choices)
    plain = next((part for part in get_args(annotation) if part is not type(None)), annotation)
    word = _WORDS.get(plain, "text")
    return ", ".join([word, *_bounds(field)])


def _bounds(field: FieldInfo) -> list[str]:
    lowest = next((f"{limit.ge:,}" for limit in field.metadata if isinstance(limit, Ge)), None)
    above = next((f"{limit.gt:,}" for limit in field.metadata if isinstance(limit, Gt)), None)
    highest = next((f"{limit.le:,}" for limit in field.metadata if isinstance(limit, Le)), None)
    if lowest is not None:
        return [f"{lowest} to {highest}" if highest else f"{lowest} or more"]
    if above is not None:
        return [f"above {above}, up to {highest}" if highest else f"above {above}"]
    return []
