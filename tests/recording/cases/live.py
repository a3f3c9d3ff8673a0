"""Conversations over the live WebSocket."""

from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import LiveConversation, Meanwhile, Receive, Send, Step, send

WIDGET, TEE, DRAFT = product_id("EDIT-6"), product_id("TEE"), product_id("DRAFT")


def subscribe(**fields: object) -> Send:
    return Send({"type": "subscribe", **fields})


def change(product: str, **fields: object) -> Meanwhile:
    return Meanwhile(send("", "PATCH", f"/api/v1/products/{product}", fields, credential="editor"))


def talk(name: str, *parts: Send | Receive | Meanwhile, **options: object) -> LiveConversation:
    return LiveConversation(name=f"live: {name}", interface="live", parts=parts, **options)  # type: ignore[arg-type]


MISTAKES = {
    "no json": Send("{"),
    "list": Send([]),
    "other type": Send({"type": "hello"}),
    "neither": subscribe(),
    "both": subscribe(ids=[TEE], search={}),
    "no ids": subscribe(ids=[]),
    "no id": subscribe(ids=["42"]),
    "unknown field": subscribe(ids=[TEE], x=1),
    "position to come": subscribe(ids=[TEE], **{"from": 999999999}),
    "negative position": subscribe(ids=[TEE], **{"from": -1}),
    "search refused": subscribe(search={"page": "x", "colour": 1}),
    "bad token": subscribe(ids=[TEE], token="nonsense"),
}
STEPS: list[Step] = [
    talk("subscribe", subscribe(ids=[TEE, DRAFT, UNKNOWN]), Receive()),
    talk("snapshot", subscribe(ids=[TEE, WIDGET], snapshot=True), Receive()),
    talk("search", subscribe(search={"q": "kyusu teapot"}, snapshot=True), Receive()),
    talk(
        "changes",
        subscribe(ids=[WIDGET]),
        Receive(),
        change(WIDGET, price="25.00"),
        Receive(),
        change(WIDGET, inventory=9),
        Receive(),
        change(WIDGET, name="Quillonite Watched 6"),
        Receive(),
    ),
    talk(
        "gone and back",
        subscribe(ids=[WIDGET]),
        Receive(),
        change(WIDGET, status="archived"),
        Receive(),
        change(WIDGET, status="active"),
        Receive(),
    ),
    talk(
        "forced filters", subscribe(ids=[TEE, product_id("NX-450")], snapshot=True), Receive(), credential="key-norvane"
    ),
    talk("an editor sees what shoppers see", subscribe(ids=[DRAFT, TEE]), Receive(), credential="editor"),
    talk("token in the message", subscribe(ids=[TEE], token="${editor}"), Receive()),
    talk("token twice", subscribe(ids=[TEE], token="${editor}"), closes=True, credential="editor"),
    talk("second message", subscribe(ids=[TEE]), Receive(), subscribe(ids=[WIDGET]), closes=True),
    talk("key without scope", subscribe(ids=[TEE]), closes=True, credential="key-none"),
    talk("another origin", headers={"Origin": "https://other.example.com"}),
    *(talk(f"refused, {name}", message, closes=True) for name, message in MISTAKES.items()),
]
