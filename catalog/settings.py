"""Every setting of the service: environment or `.env`, prefix `CATALOG_`.

An unknown `CATALOG_` name or a malformed value is an error at start-up: a typing mistake in a deployment must not
silently mean the default.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.errors import SettingsError
from catalog.setting_types import (
    Algorithms,
    EventsUrl,
    HttpUrl,
    MailAddress,
    Networks,
    Origins,
    PostgresUrl,
    RedisUrl,
    RoleMapping,
)

PREFIX = "CATALOG_"
ENV_FILE = ".env"
PRIVATE_NETWORKS = "127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"


class Settings(BaseSettings):
    """The defaults are those of a stack started by `catalog up` on this machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    database_url: PostgresUrl = "postgresql://catalog@127.0.0.1:55432/catalog"
    """Postgres."""
    database_pool_size: int = Field(default=20, ge=1, le=200)
    """Most connections to Postgres of one API process."""
    redis_url: RedisUrl = "redis://127.0.0.1:56379/0"
    """Redis: Celery's broker, rate limits, the cache of answers. `rediss://` for TLS."""
    elasticsearch_url: HttpUrl = "http://127.0.0.1:59200"
    """Elasticsearch."""
    elasticsearch_username: str | None = None
    """Sent together with the password."""
    elasticsearch_password: SecretStr | None = None
    """Sent together with the user name."""
    elasticsearch_ca_certs: Path | None = None
    """File with the certificate authority of an `https://` Elasticsearch."""

    http_host: str = "127.0.0.1"
    """Address on which the API listens."""
    http_port: int = Field(default=8000, ge=1, le=65535)
    """Port of the API."""
    grpc_host: str = "127.0.0.1"
    """Address on which gRPC listens."""
    grpc_port: int = Field(default=50051, ge=0, le=65535)
    """Port of gRPC; 0 turns it off."""
    grpc_tls_certificate: Path | None = None
    """PEM file with the whole chain; with the key, gRPC speaks TLS. A new certificate needs a restart."""
    grpc_tls_key: Path | None = None
    """PEM file with the key of the certificate."""
    grpc_max_response_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """Largest message of an answer; clients take 4 MB unless they are set to more."""
    grpc_max_calls: int = Field(default=1000, ge=1)
    """Most calls at once in one process, watchers among them."""
    grpc_max_watchers: int = Field(default=200, ge=1)
    """Most watchers of one process; one principal may have half of them."""
    grpc_slow_reader_seconds: float = Field(default=10, gt=0)
    """A watcher that takes no message for so long is ended."""
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    """Largest JSON body; 413 above."""
    max_bulk_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    """Largest body of `POST /products/bulk`; 413 above."""

    jwt_secret: SecretStr | None = None
    """Signs tokens (HS256): at least 32 characters, the same for every API process. `catalog serve` needs it."""
    jwt_issuer: str = "catalog"
    """`iss` of tokens."""
    jwt_audience: str = "catalog"
    """`aud` of tokens."""
    jwt_ttl_seconds: int = Field(default=3600, ge=60, le=86_400)
    """Life of an access token."""
    public_search: bool = True
    """`false`: search and autocomplete need a credential."""
    refresh_ttl_seconds: int = Field(default=30 * 86_400, ge=60, le=366 * 86_400)
    """Life of a session after its log-in; then it takes the password again."""
    identity_cache_seconds: float = Field(default=5, ge=0, le=60)
    """How late a search may notice that a credential was revoked."""
    api_key_pepper: SecretStr | None = Field(default=None, min_length=32)
    """Pepper of stored API keys, at least 32 characters; derived from the JWT secret when it is not set."""
    oidc_issuer: str | None = None
    """`iss` of an external OpenID Connect issuer: its https:// address."""
    oidc_audience: str | None = None
    """`aud` that tokens of the external issuer must have."""
    oidc_algorithms: Algorithms = "RS256 ES256"
    """Algorithms that the external issuer may sign with."""
    oidc_role_claim: str = Field(default="roles", min_length=1)
    """Claim that names the roles of the external issuer; with dots for a path: `realm_access.roles`."""
    oidc_roles: RoleMapping = ""
    """Roles of the external issuer and ours: `shop-admins=admin, shop-staff=editor`."""

    limits_enabled: bool = True
    """Whether requests spend units of a budget."""
    limits_per_address: int = Field(default=3000, ge=1)
    """Units a minute of one address without a credential."""
    limits_per_principal: int = Field(default=12_000, ge=1)
    """Units a minute of a user, or of an API key without a rate of its own."""
    limits_login_per_address: int = Field(default=60, ge=1)
    """Failed log-ins a minute from one address."""
    limits_login_per_account: int = Field(default=20, ge=1)
    """Failed log-ins a minute for one account."""
    limits_exempt_networks: Networks = PRIVATE_NETWORKS
    """Direct connections from here have no budget; failed log-ins count all the same."""
    trusted_proxies: Networks = ""
    """Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    metrics_networks: Networks = PRIVATE_NETWORKS
    """Networks that may read `/metrics`."""
    cors_origins: Origins = ""
    """Origins of web pages that may call the API from a browser."""
    request_timeout_seconds: float = Field(default=30, gt=0)
    """A request that takes longer is ended with a 503."""
    bulk_timeout_seconds: float = Field(default=900, gt=0)
    """The same for bulk bodies."""
    max_concurrent_requests: int = Field(default=500, ge=1)
    """Most requests at once in one process; the next one gets a 503."""
    max_url_bytes: int = Field(default=16_384, ge=1024)
    """Longest address of a request; 414 above."""
    max_header_bytes: int = Field(default=32_768, ge=4096)
    """Size of all headers together; 431 above."""
    header_timeout_seconds: float = Field(default=15, gt=0)
    """A connection whose headers take longer to come in is closed."""

    graphql_introspection: bool = True
    """Whether clients may read the schema by introspection."""
    graphql_batching: bool = False
    """Whether a body may be a list of operations."""
    graphql_max_batch: int = Field(default=10, ge=1, le=100)
    """Most operations in a batch; they share one cost."""
    graphql_max_bytes: int = Field(default=32_768, ge=1024)
    """Longest document; variables do not count."""
    graphql_max_tokens: int = Field(default=2000, ge=50, le=10_000)
    """Most tokens in a document."""
    graphql_max_depth: int = Field(default=12, ge=3, le=25)
    """Deepest nesting of fields."""
    graphql_max_cost: int = Field(default=20_000, ge=100)
    """Highest cost: fields, times the sizes of the lists that they are in."""
    graphql_max_aliases: int = Field(default=30, ge=0, le=500)
    """Most aliases in a document."""
    graphql_max_root_fields: int = Field(default=10, ge=1, le=100)
    """Most fields at the root of an operation."""

    live_max_sockets: int = Field(default=1000, ge=1)
    """Most sockets of one process; the next one is closed with 4429."""
    live_max_sockets_per_client: int = Field(default=50, ge=1)
    """Most sockets of one principal, or of one address without a credential."""
    live_max_products: int = Field(default=500, ge=1, le=1000)
    """Most products that one socket watches."""
    live_max_replay: int = Field(default=20_000, ge=0)
    """Most changes that are replayed since `from`; further back is 4410."""
    live_subscribe_seconds: float = Field(default=10, gt=0)
    """A socket whose first message takes longer is closed."""
    live_heartbeat_seconds: float = Field(default=15, gt=0)
    """Silence after which a heartbeat is sent."""
    live_slow_reader_seconds: float = Field(default=10, gt=0)
    """A socket that takes no message for so long is closed."""
    live_search_seconds: float = Field(default=60, ge=1)
    """Interval at which a saved search is run again."""
    live_search_soonest_seconds: float = Field(default=5, ge=1)
    """The same interval while products change."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """ISO 4217: one currency per catalogue."""
    language: Literal["en", "de", "fr", "es", "it", "nl", "pt"] = "en"
    """Language of the products' texts; run `catalog reindex` after a change."""
    index_prefix: str = Field(default="catalog", pattern=r"^[a-z][a-z0-9_-]{0,60}$")
    """First part of the names of indexes and aliases."""
    index_shards: int = Field(default=1, ge=1, le=64)
    """Shards of the next index."""
    index_replicas: int = Field(default=0, ge=0, le=8)
    """Replicas of the next index."""
    index_refresh_interval: str = Field(default="1s", pattern=r"^(\d+(ms|s|m)|-1)$")
    """Refresh interval of the next index: how soon a written document is found."""
    standby_hours: float = Field(default=24, ge=0)
    """How long the old index is kept current after a rebuild, for a rollback; fractions of an hour are cut off."""
    tombstone_days: float = Field(default=30, ge=1)
    """How long indexes keep the tombstones of deleted products."""

    sync_batch_size: int = Field(default=1000, ge=1, le=10_000)
    """Most products in one batch of a worker."""
    sync_lease_seconds: float = Field(default=30, gt=0)
    """Rows of a killed worker are claimed by others after so long: 15 or more. A request may take a third of it."""
    sync_max_attempts: int = Field(default=3, ge=1)
    """Refusals of a document before its product is quarantined."""
    sync_sweep_seconds: float = Field(default=5, gt=0)
    """Interval of the periodic sweep behind the pump."""
    reconcile_interval_seconds: float = Field(default=300, ge=0)
    """How often a reconciliation run begins, which compares every index with Postgres; 0: never."""
    reconcile_products_per_second: float = Field(default=2000, gt=0)
    """Rate at which a reconciliation run audits whole documents."""
    pump_interval_seconds: float = Field(default=0.025, gt=0, le=10)
    """How often the pump reads the pending rows."""
    worker_concurrency: int = Field(default=2, ge=1, le=256)
    """Processes of one worker."""
    failpoint: str | None = None
    """Tests only: the process kills itself (kill -9) at this named point."""

    search_timeout_seconds: float = Field(default=2, gt=0)
    """What Elasticsearch may take for a search; then Postgres answers it, or a 503."""
    attribute_types_ttl_seconds: float = Field(default=10, ge=0)
    """How late a process may notice new attributes and their types."""
    synonyms_ttl_seconds: float = Field(default=1, ge=0)
    """How late a process may notice new synonyms."""
    synonyms_wait_seconds: float = Field(default=0.2, ge=0)
    """How long a search waits for Postgres to read new synonyms."""

    breaker_failures: int = Field(default=5, ge=1)
    """Failed searches in a row that open the circuit breaker."""
    breaker_share: float = Field(default=0.5, gt=0, le=1)
    """Share of failed searches within the window that opens it too."""
    breaker_share_least: int = Field(default=20, ge=1)
    """Fewest searches within the window for the share to count."""
    breaker_window_seconds: float = Field(default=10, gt=0)
    """Window over which the share is taken."""
    breaker_pause_seconds: float = Field(default=1, gt=0)
    """Pause before the first health check of an open breaker; it doubles with each."""
    breaker_longest_pause_seconds: float = Field(default=5, gt=0)
    """Longest pause between two health checks."""
    fallback_timeout_seconds: float = Field(default=2, gt=0)
    """What Postgres may take for a search."""
    cache_seconds: float = Field(default=0, ge=0, le=300)
    """How old an answer from the search cache may be; 0 turns the cache off."""
    cache_wait_seconds: float = Field(default=0.05, gt=0)
    """How long a search waits for Redis."""
    cache_max_bytes: int = Field(default=256 * 1024, ge=1024)
    """Largest answer that is cached."""

    orders_max_lines: int = Field(default=100, ge=1, le=500)
    """Most lines of an order."""
    orders_max_quantity: int = Field(default=1000, ge=1, le=100_000)
    """Largest quantity in one line of an order."""
    orders_key_hours: float = Field(default=24, gt=0, le=720)
    """How long an Idempotency-Key is remembered."""
    smtp_host: str | None = None
    """Mail server of order confirmations; without one no e-mail is sent."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Port of the mail server."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` before anything is sent, `tls` from the first byte (port 465), or `none`."""
    smtp_username: str | None = None
    """User name at the mail server."""
    smtp_password: SecretStr | None = None
    """Password at the mail server."""
    smtp_ca_certs: Path | None = None
    """File with the authority of a mail server whose certificate is your own."""
    smtp_from: MailAddress = "Catalog <orders@localhost>"
    """Sender of e-mails: `Shop <shop@example.com>`."""
    smtp_timeout_seconds: float = Field(default=15, gt=0, le=300)
    """What the mail server may take for each step."""
    smtp_retry_hours: float = Field(default=24, ge=0, le=720)
    """How old an order may be whose mail is tried again after a refusal for now (4xx)."""

    events_url: EventsUrl | None = None
    """Broker of domain events: `redis://…` or `kafka://host:port,…`; CATALOG_REDIS_URL when it is not set."""
    events_stream: str = Field(default="catalog.events", pattern=r"^[A-Za-z0-9._:-]{1,100}$")
    """Redis stream or Kafka topic of domain events."""
    events_stream_length: int = Field(default=100_000, ge=100)
    """About how many events the Redis stream is cut to."""
    event_retention_days: float = Field(default=30, gt=0)
    """How long published events are kept in Postgres."""
    event_relay_seconds: float = Field(default=0.05, gt=0, le=10)
    """Interval at which the relay reads new events."""
    event_retry_seconds: float = Field(default=0.5, gt=0)
    """First pause after a failure of a subscriber; it doubles each time."""
    event_max_attempts: int = Field(default=8, ge=1)
    """Attempts of a subscriber before an event becomes a dead letter."""
    webhook_timeout_seconds: float = Field(default=10, gt=0, le=60)
    """What a webhook's receiver may take for its answer."""
    webhook_retry_seconds: float = Field(default=5, gt=0)
    """First pause after a failed delivery; it doubles, up to an hour."""
    webhook_max_attempts: int = Field(default=15, ge=1, le=100)
    """Attempts at a delivery before it is dead."""
    webhook_disable_hours: float = Field(default=72, gt=0)
    """Hours of nothing but failures after which a webhook is turned off."""
    webhook_allow_http: bool = False
    """Development only: webhooks to http:// addresses too."""
    webhook_allow_private: bool = False
    """Development only: webhooks to private and loopback addresses too."""

    admin_email: str | None = None
    """User that `make demo` creates; admin@example.com when it is not set."""
    admin_password: SecretStr | None = None
    """Password of that user; made up and printed when it is not set."""
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    """DEBUG, INFO, WARNING or ERROR."""
    log_json: bool = False
    """Log lines as JSON, of every command."""
    otlp_endpoint: HttpUrl | None = None
    """Address of an OTLP collector; traces go to its `/v1/traces`."""
    otlp_sample: float = Field(default=1.0, ge=0, le=1)
    """Share of the traces that is kept."""
    stack_home: Path | None = None
    """Data of the servers of `catalog up`; otherwise below `$XDG_STATE_HOME` or `~/.local/state` (root: `/var/lib`)."""
    stack_cache: Path | None = None
    """Downloaded servers; otherwise below `$XDG_CACHE_HOME` or `~/.cache` (root: `/var/cache`)."""


# What may hold a secret can be read from a file: `CATALOG_JWT_SECRET_FILE` for `CATALOG_JWT_SECRET`, and so on.
FROM_FILES = frozenset(
    name
    for name, field in Settings.model_fields.items()
    if field.annotation in (SecretStr, SecretStr | None) or name in ("database_url", "redis_url", "events_url")
)


def load_settings() -> Settings:
    """Settings read afresh; raises SettingsError that names each wrong variable."""
    variables = {**dotenv_values(ENV_FILE), **os.environ}
    ours = {name.upper(): value for name, value in variables.items() if name.upper().startswith(PREFIX)}
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    files = {f"{PREFIX}{name.upper()}_FILE": name for name in FROM_FILES}
    unknown = sorted(set(ours) - known - set(files))
    if unknown:
        raise SettingsError(f"Unknown setting {', '.join(unknown)}. Known settings: {', '.join(sorted(known))}.")
    read = {name: _secret(variable, ours) for variable, name in files.items() if ours.get(variable)}
    try:
        return Settings(**read)
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"Malformed setting: {wrong}.") from None


def _secret(variable: str, variables: dict[str, str | None]) -> Any:
    """What the file that `variable` names holds, without the line's end. Raises SettingsError."""
    plain = variable.removesuffix("_FILE")
    if variables.get(plain):
        raise SettingsError(f"{plain} and {variable} are both set: give one of them.")
    try:
        value = Path(variables[variable] or "").read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{variable}: the file {variables[variable]} can't be read: {reason}.") from None
    if not value:
        raise SettingsError(f"{variable}: the file {variables[variable]} is empty.")
    return value


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return load_settings()
