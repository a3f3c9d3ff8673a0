"""The confirmation of an order as an e-mail. Pure: the same order makes the same message, byte for byte."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from catalog.schemas.order import OrderLineOut, OrderOut, parse_email

# Quoted-printable and base64 pass every server; raw 8 bits do not.
_POLICY = SMTP.clone(cte_type="7bit")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def sender_domain(sender: str) -> str:
    """'Shop <orders@shop.example>' -> 'shop.example'."""
    return parseaddr(sender)[1].rpartition("@")[2]


def confirmation(order: OrderOut, sender: str) -> EmailMessage:
    """Raises ValueError for an order whose address is none.

    The Message-ID is made from the order's id, so that a mailbox which gets the message twice can tell.
    """
    name, address = parseaddr(sender)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(name, address)
    mail["To"] = _address(order.name or "", parse_email(order.email))
    mail["Subject"] = f"Your order {order.id}"
    mail["Date"] = format_datetime(order.created_at)
    mail["Message-ID"] = f"<order-{order.id}@{sender_domain(sender)}>"
    # No out-of-office reply is to be sent to a shop (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_text(order, name))
    mail.add_alternative(_html(order, name), subtype="html")
    mail.set_boundary(f"order-{order.id}")
    return mail


def _address(name: str, address: str) -> Address:
    # A header ends where its line does: a line break in a name would begin the next header. One that is hidden in an
    # encoded word (RFC 2047), which the library decodes before it folds the line, does so too.
    return Address(_one_line(name).replace("=?", "= ?"), addr_spec=address)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _what(line: OrderLineOut) -> str:
    options = ", ".join(f"{name}: {value}" for name, value in line.options.items())
    return _one_line(f"{line.name} ({options})" if options else line.name)


def _text(order: OrderOut, shop: str) -> str:
    lines = [f"Hello {_one_line(order.name)}," if order.name else "Hello,", "", "thank you for your order.", ""]
    lines += [f"Order {order.id}"]
    if order.client_reference:
        lines.append(f"Reference {_one_line(order.client_reference)}")
    lines.append("")
    for line in order.lines:
        lines.append(f"{line.quantity} x {_what(line)}")
        lines.append(f"    {_one_line(line.sku)}, {line.price} {order.currency} each: {line.total} {order.currency}")
    lines += ["", f"Total: {order.total} {order.currency}"]
    if order.address_lines:
        lines += ["", "Delivered to:", *(f"    {_one_line(line)}" for line in order.address_lines)]
    if shop:
        lines += ["", _one_line(shop)]
    return "\n".join(lines) + "\n"


def _html(order: OrderOut, shop: str) -> str:
    rows = "".join(
        f"<tr><td>{line.quantity} &times;</td><td>{escape(_what(line))}<br><small>{escape(_one_line(line.sku))}</small>"
        f'</td><td align="right">{line.total} {order.currency}</td></tr>\n'
        for line in order.lines
    )
    hello = f"Hello {escape(_one_line(order.name))}," if order.name else "Hello,"
    reference = f"<br>Reference {escape(_one_line(order.client_reference))}" if order.client_reference else ""
    address = "<br>".join(escape(_one_line(line)) for line in order.address_lines)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Your order</title></head>\n<body>\n'
        f"<p>{hello}</p>\n<p>thank you for your order.</p>\n<p>Order {order.id}{reference}</p>\n"
        f'<table cellpadding="6">\n{rows}'
        f'<tr><td></td><td><b>Total</b></td><td align="right"><b>{order.total} {order.currency}</b></td></tr>\n'
        "</table>\n"
        + (f"<p>Delivered to:<br>{address}</p>\n" if address else "")
        + (f"<p>{escape(_one_line(shop))}</p>\n" if shop else "")
        + "</body></html>\n"
    )
