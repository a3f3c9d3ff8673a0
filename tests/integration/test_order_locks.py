"""What an order locks: the products that it can have, then their variants, and nothing of any other product."""

from typing import Any

import psycopg
import pytest

from catalog.database import Database, make_engine
from catalog.errors import InvalidInput
from catalog.filter_conditions import NOTHING_FORCED
from catalog.schemas.order import OrderLineIn
from catalog.services import order_stock
from catalog.settings import Settings
from tests.support import store, writer


async def test_variants_of_a_product_that_is_not_for_sale_are_not_locked(
    settings: Settings, db: psycopg.Connection[Any]
) -> None:
    """It was for sale when the order looked, and is being changed now by somebody who holds its row."""
    store(
        settings,
        [
            {"sku": "OPEN", "variants": [{"sku": "OPEN-S", "price": "5", "inventory": 1, "options": {"size": "S"}}]},
            {
                "sku": "GONE",
                "status": "draft",
                "variants": [{"sku": "GONE-S", "price": "5", "inventory": 1, "options": {"size": "S"}}],
            },
        ],
    )
    lines = [OrderLineIn(sku="OPEN-S", quantity=1), OrderLineIn(sku="GONE-S", quantity=1)]

    async def look(session: Any) -> None:
        with pytest.raises(InvalidInput, match=r"lines\.1\.sku"):
            await order_stock.find(session, lines, NOTHING_FORCED, lock=True)
        with writer(settings) as other:
            other.execute("SELECT 1 FROM product_variants WHERE sku = 'GONE-S' FOR NO KEY UPDATE NOWAIT")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("SELECT 1 FROM product_variants WHERE sku = 'OPEN-S' FOR NO KEY UPDATE NOWAIT")

    engine = make_engine(settings)
    try:
        await Database(engine).run(look)
    finally:
        await engine.dispose()
