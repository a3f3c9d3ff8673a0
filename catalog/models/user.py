"""People and programs that may change the catalogue."""

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey

ROLES = ("admin", "editor", "merchandiser", "analyst", "storefront")


class User(Base):
    __tablename__ = "users"

    id: Mapped[UuidKey]
    email: Mapped[str] = mapped_column(String(320))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Timestamp]

    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        Index("uq_users_lower_email", text("lower(email)"), unique=True),
    )
