"""What is answered, whichever back-end answers."""

from typing import Any

from search.planning.plan import SearchPlan
from search.text.attribute_values import attributes_of


def interpreted(plan: SearchPlan) -> dict[str, Any]:
    """How the text was understood."""
    return {
        "words": [word.text for word in plan.query.words.wanted],
        "match": plan.query.matching,
        "identifier": plan.query.identifier or None,
        "readings": [span.text for span in plan.query.words.spans if not span.same],
        "synonyms": {said: list(same) for said, same in plan.query.words.synonyms.items()},
        "categories": [{"path": path, "share": round(share, 2)} for path, share in plan.query.category_shares],
        "attributes": attributes_of(plan.query.attribute_values),
    }
