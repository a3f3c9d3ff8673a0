"""Pictures that the shop draws itself, for products without one that can be had: no network, no image files.

A picture is a function of three words of our own (shape, tint, view): nothing that a product says can get into it.
"""

from storefront.pictures.choice import picture_address, swatch
from storefront.pictures.drawing import VIEWS, draw

__all__ = ["VIEWS", "draw", "picture_address", "swatch"]
