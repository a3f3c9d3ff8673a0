"""Tables. Importing this package registers every one of them with `Base.metadata`."""

from catalog.models.api_key import ApiKey
from catalog.models.audit import AuditEntry
from catalog.models.base import Base
from catalog.models.event import DomainEvent, EventConsumer, EventDeadLetter, EventRelay
from catalog.models.job import Counter, Job, ReindexChunk
from catalog.models.order import IdempotencyKey, Order, OrderLine
from catalog.models.product import Product, ProductImage, ProductVariant, Sku
from catalog.models.sync import Fanout, ProductSync, SearchIndex
from catalog.models.synonym import Revision, Synonym
from catalog.models.taxonomy import Brand, Category
from catalog.models.user import ROLES, RefreshToken, Session, User
from catalog.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "ROLES",
    "ApiKey",
    "AuditEntry",
    "Base",
    "Brand",
    "Category",
    "Counter",
    "DomainEvent",
    "EventConsumer",
    "EventDeadLetter",
    "EventRelay",
    "Fanout",
    "IdempotencyKey",
    "Job",
    "Order",
    "OrderLine",
    "Product",
    "ProductImage",
    "ProductSync",
    "ProductVariant",
    "RefreshToken",
    "ReindexChunk",
    "Revision",
    "SearchIndex",
    "Session",
    "Sku",
    "Synonym",
    "User",
    "Webhook",
    "WebhookDelivery",
]
