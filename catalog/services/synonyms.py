"""Synonyms: reading, creating, replacing, deleting. Searches follow within about a second, without a reindex."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, NotFound
from catalog.models import Revision, Synonym
from catalog.principals import Principal
from catalog.schemas.synonym import Kind, SynonymIn, SynonymOut, SynonymPage
from catalog.services import audit
from catalog.services.constraint_errors import translated

MAX_ENTRIES = 5000
# Two that are created at the same moment must not both be the last that there is room for.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('synonyms'))")


@dataclass(frozen=True, slots=True)
class Stored:
    """All entries at one moment."""

    #: Of entries as old as these or older; None when they were never changed.
    revision: UUID | None
    #: (kind, terms).
    entries: tuple[tuple[Kind, tuple[str, ...]], ...]


async def list_page(session: AsyncSession, page: int, per_page: int, search: str = "") -> SynonymPage:
    """One page, the latest change first; with `search` those with a term that contains it, in any case."""
    chosen = select(Synonym)
    if search:
        term = func.unnest(Synonym.terms).column_valued("term")
        chosen = chosen.where(select(literal(1)).where(func.strpos(func.lower(term), search.lower()) > 0).exists())
    total = await session.scalar(select(func.count()).select_from(chosen.subquery()))
    ordered = chosen.order_by(Synonym.updated_at.desc(), Synonym.id).limit(per_page).offset((page - 1) * per_page)
    items = [_out(entry) for entry in await session.scalars(ordered)]
    return SynonymPage(items=items, total=total or 0, page=page, per_page=per_page)


async def get(session: AsyncSession, synonym_id: UUID) -> SynonymOut:
    """One entry. Raises NotFound."""
    entry = await session.get(Synonym, synonym_id, populate_existing=True)
    if entry is None:
        raise _unknown(synonym_id)
    return _out(entry)


@translated
async def create(session: AsyncSession, payload: SynonymIn, by: Principal) -> SynonymOut:
    """Raises Conflict when the entry is there already, or when there are MAX_ENTRIES."""
    await session.execute(_ALONE)
    if (await session.scalar(select(func.count()).select_from(Synonym)) or 0) >= MAX_ENTRIES:
        raise Conflict(f"There are {MAX_ENTRIES} entries of synonyms already, and no room for more.")
    values = {"created_by": by.user_id, "updated_by": by.user_id, **_values(payload)}
    synonym_id = (await session.execute(insert(Synonym).values(values).returning(Synonym.id))).scalar_one()
    await audit.record(session, by.id, "synonym.create", f"synonym:{synonym_id}", after=_said(payload))
    return await get(session, synonym_id)


@translated
async def replace(session: AsyncSession, synonym_id: UUID, payload: SynonymIn, by: Principal) -> SynonymOut:
    """The whole entry anew. Raises NotFound, Conflict when another entry says the same."""
    before = await _locked(session, synonym_id)
    values = {"updated_by": by.user_id, "updated_at": func.clock_timestamp(), **_values(payload)}
    await session.execute(update(Synonym).where(Synonym.id == synonym_id).values(values))
    await audit.record_change(session, by.id, "synonym.replace", f"synonym:{synonym_id}", before, _said(payload))
    return await get(session, synonym_id)


async def delete(session: AsyncSession, synonym_id: UUID, by: Principal) -> None:
    """Raises NotFound."""
    before = await _locked(session, synonym_id)
    await session.execute(sql_delete(Synonym).where(Synonym.id == synonym_id))
    await audit.record(session, by.id, "synonym.delete", f"synonym:{synonym_id}", before=before)


async def changed_since(session: AsyncSession, known: Stored | None) -> Stored | None:
    """All entries, or None while there are no others than the `known` ones: one look at one row."""
    # Before the entries: what is committed in between is read once more, never missed.
    revision = await session.scalar(select(Revision.value).where(Revision.name == Synonym.__tablename__))
    if known is not None and known.revision == revision:
        return None
    rows = await session.execute(
        select(Synonym.kind, Synonym.terms).order_by(Synonym.created_at, Synonym.id).limit(MAX_ENTRIES)
    )
    return Stored(revision, tuple((cast(Kind, kind), tuple(terms)) for kind, terms in rows))


async def _locked(session: AsyncSession, synonym_id: UUID) -> dict[str, object]:
    """What is stored, until the transaction ends. Raises NotFound."""
    lock = select(Synonym.kind, Synonym.terms).where(Synonym.id == synonym_id).with_for_update()
    stored = (await session.execute(lock)).mappings().first()
    if stored is None:
        raise _unknown(synonym_id)
    return dict(stored)


def _said(payload: SynonymIn) -> dict[str, object]:
    return payload.model_dump(include={"kind", "terms"})


def _values(payload: SynonymIn) -> dict[str, object]:
    return {"kind": payload.kind, "terms": payload.terms, "digest": payload.digest}


def _out(entry: Synonym) -> SynonymOut:
    return SynonymOut.model_validate(entry, from_attributes=True)


def _unknown(synonym_id: UUID) -> NotFound:
    return NotFound(f"There is no entry of synonyms {synonym_id}.")
