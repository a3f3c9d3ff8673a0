"""The departments of the shop, one file each, and the house brands that several of them carry."""

from generator.departments.beauty import BEAUTY
from generator.departments.clothing import CLOTHING
from generator.departments.computers import COMPUTERS
from generator.departments.electronics import ELECTRONICS
from generator.departments.garden import GARDEN
from generator.departments.home import HOME_KITCHEN
from generator.departments.office import OFFICE
from generator.departments.phones import PHONES
from generator.departments.shoes import SHOES
from generator.departments.sports import SPORTS
from generator.departments.toys import TOYS

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
