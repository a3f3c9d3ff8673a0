"""Which products a list shows, as every door but REST is asked for them; REST has the same limits as parameters."""

from typing import Annotated

from pydantic import AfterValidator, Field

from catalog.schemas.fields import clean_text
from catalog.schemas.product_in import Strict

MAX_PAGE = 1_000_000_000
MAX_PER_PAGE = 100

_Text = Annotated[str, AfterValidator(clean_text), AfterValidator(str.strip)]


class ProductListIn(Strict):
    """`category` is a slug path, a display path ('Audio > Headphones') or an id."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    per_page: int = Field(default=20, ge=1, le=MAX_PER_PAGE)
    search: Annotated[_Text, Field(max_length=200)] = ""
    category: Annotated[_Text, Field(max_length=2600)] = ""
