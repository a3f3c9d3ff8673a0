"""What to do about a request, before any Elasticsearch syntax: frozen, printable, made without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from mappings.identifiers import normalise_identifier
from search.planning.attribute_types import Kinds
from search.planning.facet_selection import FacetSample, Profile
from search.request import ATTRIBUTE, SearchRequest
from search.text.attribute_values import Named, named_in
from search.text.synonyms import NO_SYNONYMS, Synonyms, apply
from search.text.words import MEASURED_WORDS, Words, change, looks_identifying, read_words, splits_of

Strictness = Literal["all", "some", "any"]

# As a minimum_should_match. All but one of two or three words, about two thirds of more: the ranking puts what holds
# them all first.
NEEDED: dict[Strictness, str] = {"all": "all", "some": "1<-1 3<60%", "any": "1"}
# With fewer products than this that hold every word, products that hold most of the words are shown after them.
ENOUGH = 10
# Only where none holds most of the words, products are shown that hold any.
SOME_ENOUGH = 1
MORE_THAN_ONE = 2
# Words that are tried as two, each in many places, in a question that is not long.
MOST_SPLIT = 2
# So many products are not gone a moment later, when the hits are asked for.
CERTAIN = 3


@dataclass(frozen=True, slots=True)
class Category:
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """`strictness` is None for browsing. `profile` says which attributes have facets, and in which steps.

    `visible_at` is a time at which the same products are visible as `now`: the last time at which any came or went.
    `identifier` is the whole query spelled as an identifier, `parts` are single words of it that look like one.
    `category` is the chosen category as the catalogue knows it. `near` says which share of the best matches each of
    the commonest categories has. `named` are values of attributes that the words name, with their tokens. `corrected`
    are words as typed and what they were taken for, `dropped` words that were left out, `split` words that are read as
    two. `missed`: no product holds all the words as they are typed. `certain`: some hold most of them, and of what they
    are changed to.
    """

    request: SearchRequest
    now: datetime
    words: Words = field(default_factory=Words)
    identifier: str = ""
    parts: tuple[str, ...] = ()
    strictness: Strictness | None = None
    visible_at: datetime | None = None
    kinds: Kinds = field(default_factory=Kinds)
    profile: Profile = field(default_factory=Profile)
    category: Category | None = None
    near: tuple[tuple[str, float], ...] = ()
    named: Named = field(default_factory=dict)
    corrected: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    missed: bool = False
    certain: bool = False

    @property
    def needed(self) -> str:
        """How many of the words a product must hold."""
        return NEEDED[self.strictness or "all"]

    @property
    def tells_of_words(self) -> bool:
        """Whether the answer depends on which of the words a product holds."""
        return bool(self.words) and (self.strictness not in (None, "all") or bool(self.split))


@dataclass(frozen=True, slots=True)
class Probe:
    """What the catalogue holds for the words and forced filters alone; the samples are below the category too.

    `unknown` are words that no product holds, `corrections` what the catalogue has instead of some of them. `held`
    says of each word how many of the products that match some hold it. Only one of the samples is read.
    """

    matches_all: int
    matches_some: int
    sample_all: FacetSample
    sample_some: FacetSample
    identified: bool
    category: Category | None = None
    near: tuple[tuple[str, float], ...] = ()
    unknown: tuple[str, ...] = ()
    corrections: Mapping[str, str] = field(default_factory=dict)
    held: tuple[int, ...] = ()


def make_plan(
    request: SearchRequest, now: datetime, kinds: Kinds | None = None, synonyms: Synonyms = NO_SYNONYMS
) -> SearchPlan:
    """The plan as far as the request alone decides it."""
    words = apply(synonyms, read_words(request.q, request.language))
    kinds = kinds or Kinds()
    return SearchPlan(
        request,
        now,
        words,
        normalise_identifier(request.q),
        identifiers_in(tuple(request.q.split())),
        "all" if request.q else None,
        kinds=kinds,
        named=named_in(words.text, kinds.values),
    )


def identifiers_in(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a longer query that look like identifiers, spelled as these are indexed."""
    parts = map(normalise_identifier, words) if len(words) > 1 else ()
    return tuple(dict.fromkeys(filter(looks_identifying, parts)))


def needs_probe(plan: SearchPlan) -> bool:
    """Whether a first look is needed to choose the strictness or the facets, or to name the category."""
    return bool(plan.request.q) or profiles(plan.request) or names_category(plan)


def profiles(request: SearchRequest) -> bool:
    """Whether a facet depends on what a sample of the products holds: attributes and prices do."""
    return request.facets is None or any(name == "price" or name.startswith(ATTRIBUTE) for name in request.facets)


def named_attributes(request: SearchRequest) -> tuple[str, ...]:
    """Attributes that have a facet whatever the sample says: those asked for, or those that are filtered by."""
    if request.facets is None:
        return tuple(dict.fromkeys((*dict(request.attributes), *dict(request.ranges))))
    return tuple(name.removeprefix(ATTRIBUTE) for name in request.facets if name.startswith(ATTRIBUTE))


def names_category(plan: SearchPlan) -> bool:
    """Whether the chosen category is to be shown: it is found by the hits only where there are any."""
    facets = plan.request.facets
    return plan.request.category is not None and (facets is None or "category" in facets)


def finds_enough(plan: SearchPlan, found: int) -> bool:
    """Whether so many products that the words find let the plan be taken."""
    return found >= (ENOUGH if plan.strictness == "all" and not plan.split else SOME_ENOUGH)


def decide(
    plan: SearchPlan, probe: Probe, catalogue: FacetSample, synonyms: Synonyms = NO_SYNONYMS
) -> tuple[SearchPlan, ...]:
    """The plans to try, the strictest first; the first one that finds enough is taken, or the last.

    Only the words and forced filters decide, never the shopper's filters or page: clicking a facet must give exactly
    the count that it showed. The category is such a filter, because it is such a facet. There are several plans only
    where words were changed that the probe knows nothing about: their attributes are those of the whole catalogue.
    """
    plan = replace(plan, category=probe.category, near=probe.near)
    # "lap" is no word of the catalogue, but "lap top" is a laptop: where some product holds all words, they are known.
    unknown = () if probe.matches_all else probe.unknown
    dropped = tuple(word for word in unknown if word not in probe.corrections)
    alone = len(plan.words.wanted) < MORE_THAN_ONE
    found = probe.matches_all >= ENOUGH or probe.identified
    plan = replace(plan, missed=bool(plan.words) and not (probe.matches_all or probe.identified))
    if found or plan.request.exact or (alone and not unknown):
        return (replace(plan, profile=probe.sample_all.profile()),)
    plan = replace(plan, certain=_certain(plan.words, probe))
    changed = _Changed(plan, probe, dropped, catalogue, synonyms)
    few = len(plan.words.wanted) <= MEASURED_WORDS
    apart = tuple(word for word in dropped if splits_of(word))[: MOST_SPLIT if few else 0]
    first = (changed.to("all", apart),) if apart else ()
    if alone and dropped:
        return (*first, replace(plan, profile=probe.sample_all.profile()))
    if not unknown or len(dropped) == len(plan.words.wanted):
        strictness: Strictness = "some" if probe.matches_some >= SOME_ENOUGH else "any"
        return (*first, replace(plan, strictness=strictness, profile=probe.sample_some.profile()))
    # Of two words, to hold some is to hold any; and what is certain to be found need not be looked for in more ways.
    ladder: tuple[Strictness, ...] = ("all", "some") if plan.certain else ("all", "some", "any")
    left = len(plan.words.wanted) - len(dropped)
    return (*first, *(changed.to(strictness) for strictness in ladder[:left]))


@dataclass(frozen=True, slots=True)
class _Changed:
    """Makes plans of the words that the catalogue has instead of those typed."""

    plan: SearchPlan
    probe: Probe
    dropped: tuple[str, ...]
    catalogue: FacetSample
    synonyms: Synonyms

    def to(self, strictness: Strictness, split: tuple[str, ...] = ()) -> SearchPlan:
        """Words of `split` are read as two, and not dropped."""
        corrections = self.probe.corrections
        dropped = tuple(word for word in self.dropped if word not in split)
        words = apply(self.synonyms, change(self.plan.words, corrections, dropped, split))
        profile = self.catalogue.profile() if corrections or split else self.probe.sample_some.profile()
        return replace(
            self.plan,
            words=words,
            strictness=strictness,
            corrected=tuple(corrections.items()),
            dropped=dropped,
            split=split,
            profile=profile,
            near=(),
            named=named_in(words.text, self.plan.kinds.values),
        )


def most_of(words: int) -> int:
    """How many of so many words are "some" of them: what NEEDED says, as a number."""
    if words <= MORE_THAN_ONE + 1:
        return max(1, words - 1)
    return words * 6 // 10


def _certain(words: Words, probe: Probe) -> bool:
    """Whether several products hold most of the words, one by one, whatever becomes of the unknown ones.

    The probe says how many products match and how often each word is held by them. Where all of them together hold more
    words than they could if each lacked too many, some lack few: that many are certain. A word that is corrected or
    dropped was held by none, and of fewer words no more are needed: these products match then, too.
    """
    if not probe.held or words.synonyms:
        return False
    needed, count = most_of(len(words.wanted)), len(words.wanted)
    spare = sum(probe.held) - probe.matches_some * (needed - 1)
    return spare >= CERTAIN * (count - needed + 1)
