"""An entry of synonyms as a client sends it and as the API answers it."""

import hashlib
import re
import unicodedata
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from catalog.schemas.fields import clean_text
from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import TimeOut

MAX_TERMS = 50
MIN_TERMS = 2
MAX_TERM_CHARACTERS = 100
MAX_WORDS = 5

# "wi-fi" is two words, as it is in an index; "men's" is one.
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def _term(value: str) -> str:
    term = " ".join(clean_text(value).split())
    words = len(_WORD.findall(term))
    if not words:
        raise ValueError("must contain a letter or a digit")
    if words > MAX_WORDS:
        raise ValueError(f"must have at most {MAX_WORDS} words, not {words}")
    if any(unicodedata.category(char) == "Cc" for char in term):
        raise ValueError("must not contain control characters")
    return term


def normalise_term(term: str) -> str:
    """'Café ' -> 'cafe': terms that differ in case and accents alone are one."""
    decomposed = unicodedata.normalize("NFKD", term.casefold())
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


Kind = Literal["two_way", "one_way"]
Term = Annotated[str, Field(min_length=1, max_length=MAX_TERM_CHARACTERS), AfterValidator(_term)]
KIND = Field(description="two_way: all terms are equal. one_way: the first term also finds the others, not they it.")


class SynonymIn(Strict):
    """A whole entry."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "two_way", "terms": ["tv", "television", "flat screen"]}]},
    )

    kind: Annotated[Kind, KIND]
    terms: Annotated[
        list[Term],
        Field(min_length=1, max_length=MAX_TERMS, json_schema_extra={"minItems": MIN_TERMS}),
    ] = Field(
        description=(
            f"{MIN_TERMS} to {MAX_TERMS}, each of at most {MAX_TERM_CHARACTERS} characters and {MAX_WORDS} words"
        )
    )

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if len(self.terms) < MIN_TERMS:
            if self.kind == "one_way":
                raise ValueError("terms: a one-way entry needs what is searched for and at least one other term")
            raise ValueError(f"terms: must have at least {MIN_TERMS} items")
        seen: dict[str, str] = {}
        for term in self.terms:
            if (known := seen.setdefault(normalise_term(term), term)) is not term:
                raise ValueError(f"terms: {term!r} is there twice" + (f", also as {known!r}" if known != term else ""))
        return self

    @property
    def digest(self) -> str:
        """Equal for entries that mean the same: the order of terms matters for the first of a one-way entry alone."""
        terms = [normalise_term(term) for term in self.terms]
        fixed = 0 if self.kind == "two_way" else 1
        content = "\n".join([self.kind, *terms[:fixed], *sorted(terms[fixed:])])
        return hashlib.sha256(content.encode()).hexdigest()


class SynonymOut(BaseModel):
    """`created_by` and `updated_by` are ids of users; null when the user is no more."""

    id: UUID
    kind: Kind
    terms: list[str]
    created_by: UUID | None
    created_at: TimeOut
    updated_by: UUID | None
    updated_at: TimeOut


class SynonymPage(BaseModel):
    items: list[SynonymOut]
    total: int
    page: int
    per_page: int
