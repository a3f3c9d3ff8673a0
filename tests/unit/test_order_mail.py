"""The confirmation of an order as a message."""

from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest

from catalog.schemas.order import OrderLineOut, OrderOut
from workers.order_mail import confirmation

ORDER_ID = UUID("0b2f7c1e-8f3d-4a57-9d1c-3f5e8a6b7c90")
SENDER = "Kettles & Co <orders@shop.example>"


def an_order(**fields: Any) -> OrderOut:
    line = OrderLineOut(
        product_id=ORDER_ID, sku="KETTLE", name="Kettle", options={"size": "M"}, price=Decimal("29.99"), quantity=2,
        total=Decimal("59.98"),
    )  # fmt: skip
    values = {
        "id": ORDER_ID, "email": "ada@example.com", "name": "Ada Lovelace", "address_lines": ["12 St James's Square"],
        "client_reference": "cart-1", "currency": "EUR", "total": Decimal("59.98"), "lines": [line],
        "placed_by": "user:1", "created_at": datetime(2026, 1, 31, 12, tzinfo=UTC), **fields,
    }  # fmt: skip
    return OrderOut(**values)


def received(order: OrderOut) -> EmailMessage:
    """The message as a mailbox reads it."""
    message = message_from_bytes(confirmation(order, SENDER).as_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def test_headers() -> None:
    message = received(an_order())
    assert message["From"] == "Kettles & Co <orders@shop.example>"
    assert message["To"] == "Ada Lovelace <ada@example.com>"
    assert message["Subject"] == f"Your order {ORDER_ID}"
    assert message["Message-ID"] == f"<order-{ORDER_ID}@shop.example>"
    assert message["Date"].datetime == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_bodies_say_what_was_ordered(kind: str) -> None:
    text = body(received(an_order()), kind)
    for said in ("Ada Lovelace", str(ORDER_ID), "cart-1", "Kettle (size: M)", "KETTLE", "59.98 EUR", "Total"):
        assert said in text


def test_the_same_order_makes_the_same_message_byte_for_byte() -> None:
    assert confirmation(an_order(), SENDER).as_bytes() == confirmation(an_order(), SENDER).as_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "Ada\r\nBcc: eve@example.com",
        "Ada\nBcc: eve@example.com",
        "Ada\rBcc: eve@example.com",
        "Ada\u2028Bcc: eve@example.com",
        "Ada\x0bBcc: eve@example.com",
        "Ada\x85Bcc: eve@example.com",
        "Ada\r\n\r\nBcc: eve@example.com",
        'Ada" <eve@example.com>, "',
        "=?utf-8?q?Ada=0ABcc=3A_eve=40example.com?=",
        "Ada, eve@example.com",
        "Ada\x00",
        "Zoë 🫖 " + "x" * 250,
    ],
)
def test_a_name_adds_no_header_and_no_recipient(name: str) -> None:
    message = received(an_order(name=name, client_reference=name, address_lines=[name]))
    assert sorted(message.keys()) == sorted(received(an_order()).keys())
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.com"]
    assert message["Bcc"] is None
    assert body(message, "plain").startswith("Hello")


@pytest.mark.parametrize(
    "email",
    ["ada@example.com\r\nBcc: eve@example.com", "ada@example.com, eve@example.com", "ada", "", "ada@b.c\r\n\r\nx"],
)
def test_an_address_that_is_none_makes_no_message(email: str) -> None:
    with pytest.raises(ValueError):
        confirmation(an_order(email=email), SENDER)


def test_markup_in_names_stays_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    order = an_order(name=evil, address_lines=[evil], client_reference=evil)
    order.lines[0].name = order.lines[0].sku = evil
    html = body(received(order), "html")
    assert "<img" not in html
    assert html.count("&lt;img") == 5


def test_letters_of_any_script_arrive() -> None:
    message = received(an_order(name="Zoë Þórsdóttir 李"))
    assert message["To"].addresses[0].display_name == "Zoë Þórsdóttir 李"
    assert "Zoë Þórsdóttir 李" in body(message, "plain")
    assert confirmation(an_order(name="Zoë"), SENDER).as_bytes().isascii(), "every server passes seven bits"
