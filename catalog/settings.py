"""Every setting of the service: environment or `.env`, prefix `CATALOG_`.

An unknown `CATALOG_` name or a malformed value is an error at start-up: a typing mistake in a deployment must not
silently mean the default.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.errors import SettingsError

PREFIX = "CATALOG_"
ENV_FILE = ".env"


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


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


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
    grpc_port: int = Field(default=50051, ge=1, le=65535)
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024, description="largest JSON body, bytes")
    max_bulk_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="largest bulk body, bytes")

    jwt_secret: SecretStr | None = Field(default=None, description="HS256 key, at least 32 characters")
    jwt_issuer: str = "catalog"
    jwt_audience: str = "catalog"
    jwt_ttl_seconds: int = Field(default=3600, ge=60, le=86_400)
    public_search: bool = True

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="ISO 4217: one per catalogue")
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

    admin_email: str | None = None
    admin_password: SecretStr | None = None
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    log_json: bool = False
    stack_home: Path | None = Field(default=None, description="where `catalog up` keeps its data")
    stack_cache: Path | None = Field(default=None, description="where downloaded servers are kept")


def load_settings() -> Settings:
    """Settings read afresh; raises SettingsError that names each wrong variable."""
    present = {*os.environ, *dotenv_values(ENV_FILE)}
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in present if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsError(f"Unknown setting {', '.join(unknown)}. Known settings: {', '.join(sorted(known))}.")
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"Malformed setting: {wrong}.") from None


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return load_settings()
