"""Keys for programs."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey


class ApiKey(Base):
    """`forced` are [name, value] pairs; `rate` is a number of requests a minute; `created_by` a principal's id."""

    __tablename__ = "api_keys"

    id: Mapped[UuidKey]
    prefix: Mapped[str] = mapped_column(String(40), unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    forced: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    rate: Mapped[int | None]
    created_by: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[Timestamp]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("rate > 0", name="rate"), Index(None, "created_at"))
