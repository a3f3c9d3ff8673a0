"""What facets and values are called on a page. Pure."""

from mappings.attributes import unit_of, words_of

LABELS = {"category": "Category", "brand": "Brand", "price": "Price", "in_stock": "In stock", "on_sale": "On sale"}
LABELS_OF_FLAGS = {"true": "Yes", "false": "No"}


def label_of(attribute: str) -> str:
    """'screen_size' -> 'Screen size', 'weight_g' -> 'Weight (g)'."""
    unit = unit_of(attribute)
    return capitalised(words_of(attribute).strip()) + (f" ({unit})" if unit else "")


def capitalised(words: str) -> str:
    """With a capital at the beginning, and everything else as it is."""
    return words[:1].upper() + words[1:]
