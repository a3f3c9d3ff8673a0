"""The departments of the shop, one file each, and the house brands that several of them carry."""

from catalog.generator.departments.beauty import BEAUTY
from catalog.generator.departments.clothing import CLOTHING
from catalog.generator.departments.computers import COMPUTERS
from catalog.generator.departments.electronics import ELECTRONICS
from catalog.generator.departments.garden import GARDEN
from catalog.generator.departments.home import HOME_KITCHEN
from catalog.generator.departments.office import OFFICE
from catalog.generator.departments.phones import PHONES
from catalog.generator.departments.shoes import SHOES
from catalog.generator.departments.sports import SPORTS
from catalog.generator.departments.toys import TOYS

DEPARTMENTS = (
    ELECTRONICS,
    COMPUTERS,
    PHONES,
    HOME_KITCHEN,
    CLOTHING,
    SHOES,
    SPORTS,
    TOYS,
    BEAUTY,
    GARDEN,
    OFFICE,
)

HOUSE_BRANDS = {
    "Plainwell": ("ELE", "CMP", "PHN", "OFF", "HOM"),
    "Oakfield Basics": ("HOM", "CLO", "SHO", "GAR"),
    "Daylark": ("CLO", "SHO", "SPO", "TOY", "BEA"),
    "Tessel": ("ELE", "PHN", "CMP", "SPO"),
    "Corbin & Pike": ("HOM", "GAR", "OFF", "BEA"),
}
"""House brand -> codes of the departments that carry it."""
