"""Every setting of the service: environment or `.env`, prefix `CATALOG_`.

An unknown `CATALOG_` name or a malformed value is an error at start-up: a typing mistake in a deployment must not
silently mean the default.
"""

import os
import re
from email.utils import formataddr, parseaddr
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.errors import SettingsError
from catalog.services.principals import RIGHTS

PREFIX = "CATALOG_"
ENV_FILE = ".env"
PRIVATE_NETWORKS = "127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"
# Of these an issuer publishes the half that verifies and not the half that signs.
_ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def _postgres_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError("must begin with postgresql://")
    return value.replace("postgresql+psycopg://", "postgresql://", 1)


def _redis_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://")):
        raise ValueError("must begin with redis:// or rediss://")
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _mail_address(value: str) -> str:
    name, address = parseaddr(value)
    if not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+", address) or any(ord(char) < 32 for char in value):
        raise ValueError("must be an address such as shop@example.com or Shop <shop@example.com>")
    return formataddr((name, address))


def _networks(value: str) -> str:
    for network in value.replace(",", " ").split():
        ip_network(network)
    return value


def _origins(value: str) -> str:
    for origin in value.replace(",", " ").split():
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://shop.example.com: no path, no *")
    return value


def _algorithms(value: str) -> str:
    wrong = [name for name in value.replace(",", " ").split() if name not in _ASYMMETRIC]
    if wrong or not value.strip(" ,"):
        raise ValueError(f"must be some of {', '.join(_ASYMMETRIC)}")
    return value


def _role_mapping(value: str) -> str:
    for pair in filter(str.strip, value.split(",")):
        theirs, equals, ours = pair.rpartition("=")
        if not equals or not theirs.strip() or ours.strip() not in RIGHTS:
            raise ValueError(f"{pair.strip()!r} is not such as `shop-admins=admin`; our roles are {', '.join(RIGHTS)}")
    return value


def _events_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "kafka://")):
        raise ValueError("must begin with redis://, rediss:// or kafka://")
    return value


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
EventsUrl = Annotated[str, AfterValidator(_events_url)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
# Several are separated by spaces or commas: a list in JSON, as the library would have it, is nothing for a shell.
Networks = Annotated[str, AfterValidator(_networks)]
Origins = Annotated[str, AfterValidator(_origins)]
Algorithms = Annotated[str, AfterValidator(_algorithms)]
RoleMapping = Annotated[str, AfterValidator(_role_mapping)]


class Settings(BaseSettings):
    """The defaults are those of a stack started by `catalog up` on this machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True)

    database_url: PostgresUrl = "postgresql://catalog@127.0.0.1:55432/catalog"
    database_pool_size: int = Field(default=20, ge=1, le=200)
    redis_url: RedisUrl = "redis://127.0.0.1:56379/0"
    elasticsearch_url: HttpUrl = "http://127.0.0.1:59200"
    elasticsearch_username: str | None = None
    elasticsearch_password: SecretStr | None = None
    elasticsearch_ca_certs: Path | None = None

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    grpc_host: str = "127.0.0.1"
    grpc_port: int = Field(default=50051, ge=0, le=65535, description="0: no gRPC")
    grpc_tls_certificate: Path | None = Field(default=None, description="PEM, the whole chain; with the key")
    grpc_tls_key: Path | None = Field(default=None, description="PEM")
    grpc_max_response_bytes: int = Field(default=16 * 1024 * 1024, ge=1024, description="of one message")
    grpc_max_calls: int = Field(default=1000, ge=1, description="at once, of one process, watchers among them")
    grpc_max_watchers: int = Field(default=200, ge=1, description="of one process; half of them for one principal")
    grpc_slow_reader_seconds: float = Field(default=10, gt=0, description="then a watcher that takes nothing is ended")
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024, description="largest JSON body, bytes")
    max_bulk_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="largest bulk body, bytes")

    jwt_secret: SecretStr | None = Field(default=None, description="HS256 key, at least 32 characters")
    jwt_issuer: str = "catalog"
    jwt_audience: str = "catalog"
    jwt_ttl_seconds: int = Field(default=3600, ge=60, le=86_400)
    public_search: bool = True
    refresh_ttl_seconds: int = Field(
        default=30 * 86_400, ge=60, le=366 * 86_400, description="after a log-in; then it takes the password again"
    )
    identity_cache_seconds: float = Field(
        default=5, ge=0, le=60, description="how late a search may notice that a credential was revoked"
    )
    api_key_pepper: SecretStr | None = Field(
        default=None, min_length=32, description="of stored API keys; derived from the JWT secret when not set"
    )
    oidc_issuer: str | None = Field(default=None, description="`iss` of an external issuer: its https:// address")
    oidc_audience: str | None = Field(default=None, description="the `aud` that they must have")
    oidc_algorithms: Algorithms = Field(default="RS256 ES256", description="that its tokens may be signed with")
    oidc_role_claim: str = Field(default="roles", min_length=1, description="with dots: realm_access.roles")
    oidc_roles: RoleMapping = Field(default="", description="its roles and ours: `shop-admins=admin, staff=editor`")

    limits_enabled: bool = True
    limits_per_address: int = Field(default=3000, ge=1, description="units a minute without a credential")
    limits_per_principal: int = Field(default=12_000, ge=1, description="units a minute of a user, or of a key")
    limits_login_per_address: int = Field(default=60, ge=1, description="failed log-ins a minute from one address")
    limits_login_per_account: int = Field(default=20, ge=1, description="failed log-ins a minute for one account")
    limits_exempt_networks: Networks = Field(
        default=PRIVATE_NETWORKS,
        description="who connects from here, through no proxy, has no budget; failed log-ins count all the same",
    )
    trusted_proxies: Networks = Field(default="", description="whose X-Forwarded-For and -Proto are believed")
    metrics_networks: Networks = Field(default=PRIVATE_NETWORKS, description="who may read /metrics")
    cors_origins: Origins = Field(default="", description="web pages that may call the interface from a browser")
    request_timeout_seconds: float = Field(default=30, gt=0, description="then a request is ended with a 503")
    bulk_timeout_seconds: float = Field(default=900, gt=0, description="the same for bulk bodies")
    max_concurrent_requests: int = Field(default=500, ge=1, description="of one process; the next one gets a 503")
    max_url_bytes: int = Field(default=16_384, ge=1024)
    max_header_bytes: int = Field(default=32_768, ge=4096, description="of all headers together")
    header_timeout_seconds: float = Field(default=15, gt=0, description="for the headers of a request to come in")

    graphql_introspection: bool = Field(default=True, description="whether clients may ask for the schema")
    graphql_batching: bool = Field(default=False, description="whether a body may be a list of operations")
    graphql_max_batch: int = Field(default=10, ge=1, le=100, description="operations in a batch; one cost for all")
    graphql_max_bytes: int = Field(default=32_768, ge=1024, description="of a document; variables do not count")
    graphql_max_tokens: int = Field(default=2000, ge=50, le=10_000)
    graphql_max_depth: int = Field(default=12, ge=3, le=25, description="fields within fields")
    graphql_max_cost: int = Field(default=20_000, ge=100, description="fields, times the lists that they are in")
    graphql_max_aliases: int = Field(default=30, ge=0, le=500)
    graphql_max_root_fields: int = Field(default=10, ge=1, le=100)

    live_max_sockets: int = Field(default=1000, ge=1, description="of one process; the next one is closed with 4429")
    live_max_sockets_per_client: int = Field(default=50, ge=1, description="of one principal, or of anybody's address")
    live_max_products: int = Field(default=500, ge=1, le=1000, description="that one socket is told of")
    live_max_replay: int = Field(default=20_000, ge=0, description="changes since `from`; further back is 4410")
    live_subscribe_seconds: float = Field(default=10, gt=0, description="for the first message to come in")
    live_heartbeat_seconds: float = Field(default=15, gt=0, description="without a change until a heartbeat")
    live_slow_reader_seconds: float = Field(default=10, gt=0, description="then a socket that takes nothing is closed")
    live_search_seconds: float = Field(default=60, ge=1, description="between two looks at a saved search")
    live_search_soonest_seconds: float = Field(default=5, ge=1, description="the same while products change")

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="ISO 4217: one per catalogue")
    language: Literal["en", "de", "fr", "es", "it", "nl", "pt"] = Field(
        default="en", description="of the products' texts; after a change run `catalog reindex`"
    )
    index_prefix: str = Field(default="catalog", pattern=r"^[a-z][a-z0-9_-]{0,60}$")
    index_shards: int = Field(default=1, ge=1, le=64)
    index_replicas: int = Field(default=0, ge=0, le=8)
    index_refresh_interval: str = Field(default="1s", pattern=r"^(\d+(ms|s|m)|-1)$")
    standby_hours: float = Field(default=24, ge=0, description="how long the old index is kept current after a swap")
    tombstone_days: float = Field(default=30, ge=1, description="how long indexes remember deleted products")

    sync_batch_size: int = Field(default=1000, ge=1, le=10_000)
    sync_lease_seconds: float = Field(
        default=30, gt=0, description="of the rows of one batch; 15 or more, and a request may take a third of it"
    )
    sync_max_attempts: int = Field(default=3, ge=1)
    sync_sweep_seconds: float = Field(default=5, gt=0)
    reconcile_interval_seconds: float = Field(
        default=300, ge=0, description="how often every index is compared with Postgres; 0 turns it off"
    )
    reconcile_products_per_second: float = Field(default=2000, gt=0, description="whose contents are audited")
    pump_interval_seconds: float = Field(default=0.025, gt=0, le=10)
    worker_concurrency: int = Field(default=2, ge=1, le=256)
    failpoint: str | None = Field(default=None, description="tests only: kill -9 the process at this named point")

    search_timeout_seconds: float = Field(default=2, gt=0)
    attribute_types_ttl_seconds: float = Field(default=10, ge=0)
    synonyms_ttl_seconds: float = Field(default=1, ge=0, description="how late a process may notice new synonyms")
    synonyms_wait_seconds: float = Field(default=0.2, ge=0, description="what a search waits for Postgres to tell them")

    breaker_failures: int = Field(default=5, ge=1, description="failed searches in a row that turn to Postgres at once")
    breaker_share: float = Field(default=0.5, gt=0, le=1, description="of failed searches that does the same")
    breaker_share_least: int = Field(default=20, ge=1, description="searches within the window for a share to count")
    breaker_window_seconds: float = Field(default=10, gt=0)
    breaker_pause_seconds: float = Field(default=1, gt=0, description="before the first probe; doubles with each")
    breaker_longest_pause_seconds: float = Field(default=5, gt=0)
    fallback_timeout_seconds: float = Field(default=2, gt=0, description="what Postgres may take for a search")
    cache_seconds: float = Field(default=0, ge=0, le=300, description="how old an answer from Redis may be; 0: none")
    cache_wait_seconds: float = Field(default=0.05, gt=0, description="what a search waits for Redis at most")
    cache_max_bytes: int = Field(default=256 * 1024, ge=1024, description="a larger answer is not kept")

    orders_max_lines: int = Field(default=100, ge=1, le=500)
    orders_max_quantity: int = Field(default=1000, ge=1, le=100_000, description="in one line of an order")
    orders_key_hours: float = Field(default=24, gt=0, le=720, description="how long an Idempotency-Key is remembered")
    smtp_host: str | None = Field(default=None, description="the mail server; without one no e-mail is sent")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="tls from the first byte (port 465), starttls before anything is said, or none"
    )
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_ca_certs: Path | None = Field(default=None, description="of a mail server with a certificate of your own")
    smtp_from: MailAddress = Field(default="Catalog <orders@localhost>", description="the sender, `Shop <a@b.example>`")
    smtp_timeout_seconds: float = Field(default=15, gt=0, le=300)
    smtp_retry_hours: float = Field(
        default=24,
        ge=0,
        le=720,
        description="since the order, that a mail which is refused for now (4xx) is tried again",
    )

    events_url: EventsUrl | None = Field(
        default=None, description="the broker of domain events: redis:// or kafka://host:port,…; CATALOG_REDIS_URL"
    )
    events_stream: str = Field(
        default="catalog.events", pattern=r"^[A-Za-z0-9._:-]{1,100}$", description="the Redis stream or Kafka topic"
    )
    events_stream_length: int = Field(default=100_000, ge=100, description="that the Redis stream is cut to, about")
    event_retention_days: float = Field(default=30, gt=0, description="how long published events are kept")
    event_relay_seconds: float = Field(default=0.05, gt=0, le=10, description="between two looks for new events")
    event_retry_seconds: float = Field(default=0.5, gt=0, description="a subscriber's first pause; doubles each time")
    event_max_attempts: int = Field(default=8, ge=1, description="of a subscriber; then it is a dead letter")
    webhook_timeout_seconds: float = Field(default=10, gt=0, le=60)
    webhook_retry_seconds: float = Field(default=5, gt=0, description="the first pause; doubles, up to an hour")
    webhook_max_attempts: int = Field(default=15, ge=1, le=100, description="then a delivery is a dead letter")
    webhook_disable_hours: float = Field(
        default=72, gt=0, description="of failures alone; then a webhook is turned off"
    )
    webhook_allow_http: bool = Field(default=False, description="http:// besides https://")
    webhook_allow_private: bool = Field(default=False, description="development: also private and loopback addresses")

    admin_email: str | None = None
    admin_password: SecretStr | None = None
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    log_json: bool = False
    otlp_endpoint: HttpUrl | None = Field(default=None, description="of a collector; traces go to its /v1/traces")
    otlp_sample: float = Field(default=1.0, ge=0, le=1, description="share of the traces that is kept")
    stack_home: Path | None = Field(default=None, description="where `catalog up` keeps its data")
    stack_cache: Path | None = Field(default=None, description="where downloaded servers are kept")


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
