"""What is answered, whichever back-end answers."""

from typing import Any

from search.planning.plan import SearchPlan
from search.text.attribute_values import attributes_of


def interpreted(plan: SearchPlan) -> dict[str, Any]:
    """How the text was understood."""
    return {
        "words": [word.text for word in plan.words.wanted],
        "match": plan.strictness,
        "identifier": plan.identifier or None,
        "readings": [span.text for span in plan.words.spans if not span.same],
        "synonyms": {said: list(same) for said, same in plan.words.synonyms.items()},
        "categories": [{"path": path, "share": round(share, 2)} for path, share in plan.near],
        "attributes": attributes_of(plan.named),
    }
