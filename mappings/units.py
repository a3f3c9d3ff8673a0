"""Symbols of units, as an index joins them with their numbers and as the names of attributes end in them."""

# A pattern: behind a number these are one word with it. (Part of an index's settings, which know it in this order.)
JOINED = "mm|cm|km|ft|m|kg|mg|g|oz|lbs?|ml|cl|l|kwh|wh|kw|w|mv|v|mah|ah|khz|mhz|ghz|hz|kb|mb|gb|tb|mp|dpi|rpm"
# Not joined in texts: they are words as well, or are seldom searched for.
_IN_NAMES_ALONE = "in inch a ma ppi db nm lm bar psi"
# The last part of an attribute's name as the unit that people write behind its number.
UNITS = frozenset([*JOINED.replace("s?", "").split("|"), *_IN_NAMES_ALONE.split()])
