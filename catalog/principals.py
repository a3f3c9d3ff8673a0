"""Who is asking, and what they may do: one table of rights, the same behind every front door."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from catalog.errors import Forbidden, Unauthenticated

Permission = Literal[
    "search", "read", "read_drafts", "read_sync", "write", "merchandise", "explain", "analyse", "administer",
    "order", "read_orders",
]  # fmt: skip
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

# Whoever has no role may look at what is published, and at nothing else.
PUBLIC: frozenset[Permission] = frozenset(["search", "read"])
RIGHTS: dict[str, frozenset[Permission]] = {
    "admin": PUBLIC
    | {
        "read_drafts", "read_sync", "write", "merchandise", "explain", "analyse", "administer", "order", "read_orders",
    },
    "editor": PUBLIC | {"read_drafts", "read_sync", "write"},
    "merchandiser": PUBLIC | {"read_sync", "merchandise", "explain", "analyse"},
    "analyst": PUBLIC | {"read_sync", "analyse"},
    "storefront": PUBLIC | {"read_sync", "order", "read_orders"},
}  # fmt: skip

USER = "user:"
KEY = "key:"
EXTERNAL = "oidc:"


@dataclass(frozen=True, slots=True)
class Principal:
    """`id` names the principal for good ("user:…", "key:…", "oidc:…"); "" is anybody.

    `forced` are search parameters that hold for everything that this principal is shown, whatever it asks for.
    `confirmed`: the rights are those of this moment, and not those of some moments ago. `rate` is how many requests a
    minute it may make, None for what is usual. `generation` and `session` are those of a user's token.
    """

    id: str = ""
    role: str | None = None
    may: frozenset[Permission] = PUBLIC
    forced: tuple[tuple[str, str], ...] = ()
    confirmed: bool = False
    rate: int | None = None
    generation: int = 0
    session: UUID | None = None

    @property
    def anonymous(self) -> bool:
        return not self.id

    @property
    def user_id(self) -> UUID | None:
        """The account's id; None for all but users of this service."""
        return UUID(self.id.removeprefix(USER)) if self.id.startswith(USER) else None

    def require(self, permission: Permission, what: str = "This") -> None:
        """Raises Unauthenticated for anybody, Forbidden for a principal that lacks the permission."""
        if permission in self.may:
            return
        roles = " or ".join(role for role, permissions in RIGHTS.items() if permission in permissions)
        if self.anonymous:
            raise Unauthenticated(
                f"{what} needs a credential with the role {roles}: ask for a token at /api/v1/auth/token."
            )
        if self.id.startswith(KEY):
            raise Forbidden(f"{what} needs a key with the scope {permission}, or the role {roles}.")
        raise Forbidden(f"{what} needs the role {roles}; yours is {self.role or 'none'}.")


ANYBODY = Principal()


def of_role(principal_id: str, role: str) -> Principal:
    """A principal with the rights of a role; an unknown role has those of anybody."""
    return of_roles(principal_id, [role])


def of_roles(principal_id: str, roles: Iterable[str]) -> Principal:
    """A principal with the rights of all these roles together, named after the first one that there is."""
    names = list(roles)
    known = [role for role in RIGHTS if role in names]
    return Principal(principal_id, next(iter([*known, *names]), None), PUBLIC.union(*(RIGHTS[role] for role in known)))
