"""English words whose singular and plural no stemmer brings together."""

_IRREGULAR = {
    "man": "men mens", "woman": "women womens", "child": "children childrens", "mouse": "mice", "foot": "feet",
    "tooth": "teeth", "goose": "geese", "knife": "knives", "shelf": "shelves", "bookshelf": "bookshelves",
    "scarf": "scarves scarfs", "leaf": "leaves", "loaf": "loaves", "half": "halves", "wolf": "wolves", "hoof": "hooves",
    "lens": "lenses", "gas": "gases", "bus": "buses", "canvas": "canvases", "cactus": "cacti",
}  # fmt: skip
# 'knives' -> 'knife'; 'mens' is written for "men's".
SINGULARS = {plural: word for word, plurals in _IRREGULAR.items() for plural in plurals.split()}
WORDS = frozenset(_IRREGULAR)
# As a stemmer is told them: singular and plural get one spelling, which it leaves alone.
RULES = [f"{', '.join([word, *plurals.split()])} => {word}" for word, plurals in _IRREGULAR.items()]
