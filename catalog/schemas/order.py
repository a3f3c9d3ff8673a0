"""An order as a client sends it and as the API answers it."""

import hashlib
import re
import unicodedata
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from catalog.schemas.fields import MAX_INT, SkuText, clean_text
from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import MoneyOut, TimeOut

# Above the most that the settings may allow: the settings are what is said to a client first.
MAX_LINES = 500
MAX_ADDRESS_LINES = 8

_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def parse_email(value: str) -> str:
    """An address as RFC 5321 has it, without quoted mailboxes, bare host names and letters beyond ASCII."""
    mailbox, _, domain = value.strip().rpartition("@")
    labels = domain.split(".")
    if (
        len(mailbox) > 64
        or not _MAILBOX.fullmatch(mailbox)
        or len(labels) < 2
        or not all(_LABEL.fullmatch(label) for label in labels)
        or labels[-1].isdecimal()
    ):
        raise ValueError("must be an e-mail address such as ada@example.com")
    return f"{mailbox}@{domain}"


def _line(value: str) -> str:
    """One line of text, as it may stand on a label: line breaks become spaces."""
    line = " ".join(clean_text(value).split())
    if any(unicodedata.category(char) == "Cc" for char in line):
        raise ValueError("must not contain control characters")
    return line


Email = Annotated[str, AfterValidator(parse_email), Field(min_length=1, max_length=254)]
PersonName = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=255)]
AddressLine = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=200)]
Reference = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=100)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=MAX_INT)]


class OrderLineIn(Strict):
    """`sku` is that of a variant, or of a product without variants. `product_id` alone is for the latter."""

    sku: SkuText | None = None
    product_id: UUID | None = None
    quantity: Quantity

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.sku is None and self.product_id is None:
            raise ValueError("must have a sku or a product_id")
        return self


class OrderIn(Strict):
    """Prices are the catalogue's: an order can't name any."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "email": "ada@example.com",
                    "name": "Ada Lovelace",
                    "address_lines": ["12 St James's Square", "London SW1Y 4JH", "United Kingdom"],
                    "client_reference": "cart-4711",
                    "lines": [{"sku": "NV-AERO-300", "quantity": 2}],
                }
            ]
        },
    )

    email: Email = Field(description="where the confirmation goes")
    lines: list[OrderLineIn] = Field(min_length=1, max_length=MAX_LINES)
    name: PersonName | None = None
    address_lines: list[AddressLine] = Field(default_factory=list, max_length=MAX_ADDRESS_LINES)
    client_reference: Reference | None = Field(default=None, description="a number of your own, kept with the order")

    @property
    def digest(self) -> str:
        """Equal for requests that mean the same, however they were written."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class OrderLineOut(BaseModel):
    """What the product was called and cost at that moment; the product itself may have changed or gone since."""

    product_id: UUID
    sku: str
    name: str
    options: dict[str, str]
    price: MoneyOut
    quantity: int
    total: MoneyOut


class OrderOut(BaseModel):
    """`placed_by` names the principal that ordered: a user or an API key."""

    id: UUID
    email: str
    name: str | None
    address_lines: list[str]
    client_reference: str | None
    currency: str
    total: MoneyOut
    lines: list[OrderLineOut]
    placed_by: str
    created_at: TimeOut


class OrderPage(BaseModel):
    items: list[OrderOut]
    total: int
    page: int
    per_page: int
