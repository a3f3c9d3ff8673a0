"""People and programs that may change the catalogue, and the sessions in which they do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey

ROLES = ("admin", "editor", "merchandiser", "analyst", "storefront")


class User(Base):
    """Tokens carry the `generation` of their moment: raising it ends all of them."""

    __tablename__ = "users"

    id: Mapped[UuidKey]
    email: Mapped[str] = mapped_column(String(320))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Timestamp]
    generation: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        Index("uq_users_lower_email", text("lower(email)"), unique=True),
    )


class Session(Base):
    """One log-in: the family of all refresh tokens that come from it, each used once for the next."""

    __tablename__ = "sessions"

    id: Mapped[UuidKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Timestamp]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index(None, "user_id", "created_at"),)


class RefreshToken(Base):
    """Only its SHA-256 is kept. One that was used stays until its session goes, so that a second use is noticed."""

    __tablename__ = "refresh_tokens"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Timestamp]
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
