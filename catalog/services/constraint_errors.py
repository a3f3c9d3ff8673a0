"""What a refused statement means to the client: read from the constraint's name, never from the message."""

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from catalog.database import constraint_name, sqlstate
from catalog.errors import CatalogError, Conflict, FieldError, InvalidInput

P = ParamSpec("P")
T = TypeVar("T")

DUPLICATES = {
    "uq_products_sku": ("sku", "The sku {0!r} is already in use."),
    "uq_product_variants_sku": ("sku", "The sku {0!r} is already in use."),
    "pk_skus": ("sku", "The sku {0!r} is already in use."),
    "uq_categories_path": ("slug", "There is already a category with the path {0!r}."),
    "uq_synonyms_digest": ("terms", "There is already an entry with these synonyms."),
    "uq_users_lower_email": ("email", "There is already a user {0}."),
}
RACES = {
    "fk_products_brand_id_brands": "brand",
    "fk_product_images_product_id_products": "id",
    "fk_product_variants_product_id_products": "id",
    "fk_skus_product_id_products": "id",
}
_NO_CATEGORY = "there is no category with this id"
REFUSED = {
    "fk_products_category_id_categories": ("category_id", _NO_CATEGORY),
    "fk_categories_parent_id_categories": ("parent_id", _NO_CATEGORY),
    "ck_categories_cycle": ("parent_id", "a category can not be moved below itself"),
    "ck_categories_depth": ("parent_id", "categories can be at most 10 levels deep"),
    "ck_categories_slug": ("slug", "must not be empty or contain /"),
    "ck_categories_name_not_empty": ("name", "must not be empty"),
    "ck_products_publish_window": ("publish_until", "must be later than publish_from"),
    "ck_products_price": ("price", "must be 0 or more"),
    "ck_products_compare_at_price": ("compare_at_price", "must be 0 or more"),
    "ck_products_cost": ("cost", "must be 0 or more"),
    "ck_products_inventory": ("inventory", "must be 0 or more"),
    "ck_products_gtin": ("gtin", "must be 8 to 14 digits"),
    "ck_products_status": ("status", "must be draft, active or archived"),
    "ck_products_popularity": ("popularity", "must be 0 or more"),
    "ck_products_attributes": ("attributes", "must be an object"),
    "ck_products_name_not_empty": ("name", "must not be empty"),
    "ck_products_sku_not_empty": ("sku", "must not be empty"),
    "ck_products_description_length": ("description", "must have at most 50000 characters"),
}
# numeric_value_out_of_range: only the sum over the variants can still exceed its column.
OUT_OF_RANGE = "22003"
# program_limit_exceeded: a path longer than an index entry may be. It names the constraint of that index too.
TOO_LONG = "54000"
_VALUE = re.compile(r"\)=\((.*)\)", re.DOTALL)


def explain(error: DBAPIError) -> CatalogError | None:
    """The client's error behind a failed statement; None when the fault is not the client's."""
    constraint, state = constraint_name(error) or "", sqlstate(error) or ""
    if state == TOO_LONG:
        return InvalidInput.of("category", "the path of this category is too long")
    if constraint in DUPLICATES:
        field, message = DUPLICATES[constraint]
        detail = message.format(_conflicting_value(error))
        return Conflict(detail, (FieldError(field, detail),))
    if constraint in RACES:
        return Conflict(f"The {RACES[constraint]} was deleted by somebody else at this moment. Try again.")
    if constraint in REFUSED:
        return InvalidInput.of(*REFUSED[constraint])
    if state == OUT_OF_RANGE:
        return InvalidInput.of("inventory", "the inventory of all variants together is too large")
    if state.startswith("23"):
        return Conflict("The change contradicts what is stored.")
    if state.startswith("22"):
        return InvalidInput("A value can not be stored.")
    return None


def translated(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Decorate a service that writes: refusals of the database become CatalogErrors, everything else passes."""

    @functools.wraps(work)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await work(*args, **kwargs)
        except DBAPIError as error:
            explanation = explain(error)
            if explanation is None:
                raise
            raise explanation from error

    return wrapper


def _conflicting_value(error: DBAPIError) -> str:
    """The value in "Key (sku)=(A-1) already exists."; the words differ by language, the brackets do not."""
    diagnostics: Any = getattr(error.orig, "diag", None)
    match = _VALUE.search(getattr(diagnostics, "message_detail", None) or "")
    return match[1] if match else "?"
