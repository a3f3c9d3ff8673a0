"""What to do about a request, before any Elasticsearch syntax: frozen, printable, made without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from mappings.identifiers import normalise_identifier
from search.planning.context import SearchContext
from search.planning.facet_selection import FacetSample, Profile
from search.request import ATTRIBUTE, SearchRequest
from search.text.attribute_values import Named, named_in
from search.text.synonyms import NO_SYNONYMS, Synonyms, apply
from search.text.words import MEASURED_WORDS, Words, change, looks_identifying, read_words, splits_of

MatchingStrategy = Literal["all", "some", "any"]

# "Some" are all but one of two or three words, and this share of more: the ranking puts what holds them all first.
ALL_BUT_ONE_UP_TO = 3
SOME_PERCENT = 60
# The same as `most_of`, as Elasticsearch is told it.
MINIMUM_SHOULD_MATCH: dict[MatchingStrategy, str] = {
    "all": "all",
    "some": f"1<-1 {ALL_BUT_ONE_UP_TO}<{SOME_PERCENT}%",
    "any": "1",
}
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
class QueryInterpretation:
    """How the words are read and matched: what is decided.

    words: what is searched for, with synonyms and other readings.
    identifier: the whole query spelled as an identifier.
    identifier_parts: single words of a longer query that look like one.
    matching: how many of the words a product must hold; None for browsing.
    attribute_values: values of attributes that the words name, with their tokens.
    category_shares: the commonest categories of the best matches, each with its share of them.
    corrections: words as typed, and what they are taken for.
    dropped: words that are left out.
    split: words that are read as two.
    """

    words: Words = field(default_factory=Words)
    identifier: str = ""
    identifier_parts: tuple[str, ...] = ()
    matching: MatchingStrategy | None = None
    attribute_values: Named = field(default_factory=dict)
    category_shares: tuple[tuple[str, float], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    split: tuple[str, ...] = ()

    @property
    def minimum_should_match(self) -> str:
        """How many of the words a product must hold: "all", or as Elasticsearch writes it."""
        return MINIMUM_SHOULD_MATCH[self.matching or "all"]

    @property
    def lets_words_lack(self) -> bool:
        """Whether products are found that lack some of the words."""
        return self.matching not in (None, "all")

    @property
    def reports_missing_terms(self) -> bool:
        """Whether the answer depends on which of the words a product holds."""
        return bool(self.words) and (self.lets_words_lack or bool(self.split))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the catalogue holds for the request: what is known.

    facets: which attributes have facets, and in which steps numbers are shown.
    category: the chosen one, as the catalogue calls it.
    missed: no product holds all the words as they are typed.
    certain: some products hold most of the words, and of what they are changed to.
    """

    facets: Profile = field(default_factory=Profile)
    category: Category | None = None
    missed: bool = False
    certain: bool = False


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A search in parts.

    request: what is asked.
    context: when it is asked, and what is known of the whole catalogue.
    evidence: what the catalogue holds for the request.
    query: how the words are read and matched.
    """

    request: SearchRequest
    context: SearchContext
    evidence: Evidence = field(default_factory=Evidence)
    query: QueryInterpretation = field(default_factory=QueryInterpretation)

    def with_facets(self, facets: Profile) -> "SearchPlan":
        return replace(self, evidence=replace(self.evidence, facets=facets))


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


def make_plan(request: SearchRequest, context: SearchContext, synonyms: Synonyms = NO_SYNONYMS) -> SearchPlan:
    """The plan as far as the request alone decides it."""
    words = apply(synonyms, read_words(request.q, request.language))
    query = QueryInterpretation(
        words,
        normalise_identifier(request.q),
        identifiers_in(tuple(request.q.split())),
        "all" if request.q else None,
        named_in(words.text, context.attribute_types.values),
    )
    return SearchPlan(request, context, query=query)


def identifiers_in(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a longer query that look like identifiers, spelled as these are indexed."""
    parts = map(normalise_identifier, words) if len(words) > 1 else ()
    return tuple(dict.fromkeys(filter(looks_identifying, parts)))


def needs_probe(plan: SearchPlan) -> bool:
    """Whether a probe is needed to choose the matching strategy or the facets, or to name the category."""
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


def finds_enough(plan: SearchPlan, products: int) -> bool:
    """Whether so many products that the words find let the plan be taken."""
    return products >= (ENOUGH if plan.query.matching == "all" and not plan.query.split else SOME_ENOUGH)


def decide(
    plan: SearchPlan, probe: Probe, catalogue: FacetSample, synonyms: Synonyms = NO_SYNONYMS
) -> tuple[SearchPlan, ...]:
    """The plans to try, the strictest first; the first one that finds enough is taken, or the last.

    Only the words and forced filters decide, never the shopper's filters or page: clicking a facet must give exactly
    the count that it showed. The category is such a filter, because it is such a facet. There are several plans only
    where words were changed that the probe knows nothing about: their attributes are those of the whole catalogue.
    """
    words = plan.query.words
    # "lap" is no word of the catalogue, but "lap top" is a laptop: where some product holds all words, they are known.
    unknown = () if probe.matches_all else probe.unknown
    dropped = tuple(word for word in unknown if word not in probe.corrections)
    alone = len(words.wanted) < MORE_THAN_ONE
    enough = probe.matches_all >= ENOUGH or probe.identified
    settled = enough or plan.request.exact or (alone and not unknown)
    missed = bool(words) and not (probe.matches_all or probe.identified)
    evidence = Evidence(category=probe.category, missed=missed, certain=not settled and _certain(words, probe))
    query = replace(plan.query, category_shares=probe.near)
    plan = SearchPlan(plan.request, plan.context, evidence, query)
    if settled:
        return (plan.with_facets(probe.sample_all.profile()),)
    changed = _Changed(plan, probe, dropped, catalogue, synonyms)
    few = len(words.wanted) <= MEASURED_WORDS
    apart = tuple(word for word in dropped if splits_of(word))[: MOST_SPLIT if few else 0]
    first = (changed.to("all", apart),) if apart else ()
    if alone and dropped:
        return (*first, plan.with_facets(probe.sample_all.profile()))
    if not unknown or len(dropped) == len(words.wanted):
        relaxed = replace(query, matching="some" if probe.matches_some >= SOME_ENOUGH else "any")
        return (*first, replace(plan, query=relaxed).with_facets(probe.sample_some.profile()))
    # Of two words, to hold some is to hold any; and what is certain to be found need not be looked for in more ways.
    ladder: tuple[MatchingStrategy, ...] = ("all", "some") if evidence.certain else ("all", "some", "any")
    left = len(words.wanted) - len(dropped)
    return (*first, *(changed.to(matching) for matching in ladder[:left]))


@dataclass(frozen=True, slots=True)
class _Changed:
    """Makes plans of the words that the catalogue has instead of those typed."""

    plan: SearchPlan
    probe: Probe
    dropped: tuple[str, ...]
    catalogue: FacetSample
    synonyms: Synonyms

    def to(self, matching: MatchingStrategy, split: tuple[str, ...] = ()) -> SearchPlan:
        """Words of `split` are read as two, and not dropped."""
        plan, corrections = self.plan, self.probe.corrections
        dropped = tuple(word for word in self.dropped if word not in split)
        words = apply(self.synonyms, change(plan.query.words, corrections, dropped, split))
        query = QueryInterpretation(
            words,
            plan.query.identifier,
            plan.query.identifier_parts,
            matching,
            named_in(words.text, plan.context.attribute_types.values),
            corrections=tuple(corrections.items()),
            dropped=dropped,
            split=split,
        )
        facets = (self.catalogue if corrections or split else self.probe.sample_some).profile()
        return replace(plan, query=query).with_facets(facets)


def most_of(words: int) -> int:
    """How many of so many words are "some" of them."""
    if words <= ALL_BUT_ONE_UP_TO:
        return max(1, words - 1)
    return words * SOME_PERCENT // 100


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
