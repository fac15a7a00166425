"""What satisfaction indices read and give: answers in columns, and one result a group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.satisfaction.change import Change, ListVerdict

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Part = float | int | bool | None

LOW_SAMPLE_BELOW = 30
RANKABLE_FROM = 5
ANONYMOUS = -1
NO_GROUP = -1


class Exclusion(StrEnum):
    """Why an answer (of `composite` and its kin: a response) does not count; the first that applies."""

    SKIPPED = "skipped"
    WRONG_SCALE = "wrong_scale"
    OUT_OF_RANGE = "out_of_range"
    INCOMPLETE = "incomplete"
    REPLACED = "replaced"


class Dimension(StrEnum):
    """What a question of the service culture profile is about: four moral, then three material ones."""

    INTEREST = "interest"
    SINCERITY = "sincerity"
    RELIABILITY = "reliability"
    RESPECT = "respect"
    PRODUCT_QUALITY = "product_quality"
    CHANNEL_ADEQUACY = "channel_adequacy"
    TECHNOLOGY_ADEQUACY = "technology_adequacy"


MORAL = (Dimension.INTEREST, Dimension.SINCERITY, Dimension.RELIABILITY, Dimension.RESPECT)
MATERIAL = (Dimension.PRODUCT_QUALITY, Dimension.CHANNEL_ADEQUACY, Dimension.TECHNOLOGY_ADEQUACY)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to questions, one row each; every column has shape (n,).

    ``value`` stands on the scale ``scale_min``..``scale_max`` of its own question (0 and 0 when the scale
    is not known). ``respondent`` is a code per customer, `ANONYMOUS` for nobody's; ``answered_micros`` the
    instant in microseconds since 1970 UTC. ``response`` is a code per filled-in survey, ``item`` a code
    per question: both from 0, and a question has at most one row in a response. Codes should be dense:
    memory grows with the greatest one.

    Raises:
        ValueError: lengths or types differ from this, or a code is below its least.
    """

    value: IntArray
    scale_min: IntArray
    scale_max: IntArray
    is_skipped: BoolArray
    respondent: IntArray
    answered_micros: IntArray
    response: IntArray
    item: IntArray

    def __post_init__(self) -> None:
        n = self.value.size
        for field in fields(self):
            column = getattr(self, field.name)
            kind = "b" if field.name == "is_skipped" else "i"
            if column.shape != (n,) or column.dtype.kind != kind:
                raise ValueError(
                    f"{field.name} must be a column of {n} {'flags' if kind == 'b' else 'integers'}"
                )
        for name, least in (("respondent", ANONYMOUS), ("response", 0), ("item", 0)):
            if n and int(getattr(self, name).min()) < least:
                raise ValueError(f"{name} must not be below {least}")

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.value.size

    @classmethod
    def empty(cls) -> "Answers":
        """No answers."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, none, none.astype(np.bool_), none, none, none, none)

    def take(self, rows: IntArray | BoolArray) -> "Answers":
        """Some of the rows, by position or by a mask.

        A position may stand several times: the answers of a customer with two tags belong to both groups.
        """
        return Answers(*(getattr(self, field.name)[rows] for field in fields(self)))

    def has_scale(self) -> BoolArray:
        """Tell which rows have a scale to stand on."""
        return self.scale_max > self.scale_min

    def in_range(self) -> BoolArray:
        """Tell which values lie on their scale."""
        return (self.value >= self.scale_min) & (self.value <= self.scale_max)

    def is_valid(self) -> BoolArray:
        """Tell which rows hold an answer on a scale."""
        return ~self.is_skipped & self.has_scale() & self.in_range()

    def points(self) -> FloatArray:
        """Put each value on 0..100: 100·(value − min)/(max − min). Meaningless where not `is_valid`."""
        width = np.where(self.has_scale(), self.scale_max - self.scale_min, 1)
        return 100.0 * (self.value - self.scale_min) / width


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is known of each question, aligned with the codes in ``Answers.item``; made by `of`.

    ``weight`` is its share in the composite index and ``expectation_weight`` in the expectation score,
    0 where it is no part; only their proportions within an instrument matter. ``dimension`` is its
    position in the list of all `Dimension`, -1 for none. ``instrument`` is a code for the survey (or its
    version) that asks it, from 0: all components of a response belong to one. Every question of an
    instrument needs an entry, answered or not, because weights are renormalised against all of them.
    """

    weight: FloatArray
    expectation_weight: FloatArray
    dimension: IntArray
    instrument: IntArray

    @classmethod
    def of(
        cls,
        n_items: int,
        *,
        weight: Sequence[float] | None = None,
        expectation_weight: Sequence[float] | None = None,
        dimension: Sequence[Dimension | None] | None = None,
        instrument: Sequence[int] | None = None,
    ) -> "Items":
        """Describe ``n_items`` questions.

        Args:
            n_items: how many codes there are.
            weight: >= 0 for each, shape (n_items,); without it every question weighs the same.
            expectation_weight: likewise; without it no question asks for the expectation.
            dimension: what each asks of the service culture; without it nothing.
            instrument: which survey asks it; without it one survey asks all.

        Raises:
            ValueError: a length is not ``n_items``, a weight is negative or not finite, a code is negative.
        """
        places = {name: place for place, name in enumerate(Dimension)}
        made = cls(
            np.asarray(np.ones(n_items) if weight is None else weight, dtype=np.float64),
            np.asarray(
                np.zeros(n_items) if expectation_weight is None else expectation_weight, dtype=np.float64
            ),
            np.array([places[d] if d else -1 for d in dimension or [None] * n_items], dtype=np.int64),
            np.asarray(np.zeros(n_items) if instrument is None else instrument, dtype=np.int64),
        )
        if any(getattr(made, field.name).shape != (n_items,) for field in fields(made)):
            raise ValueError("every question needs one entry")
        for weights in (made.weight, made.expectation_weight):
            if not np.all(np.isfinite(weights) & (weights >= 0)):
                raise ValueError("weights must be finite and not negative")
        if np.any(made.instrument < 0):
            raise ValueError("codes of instruments must not be negative")
        return made


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How satisfaction goes with expectation in the reference population (see `expectation.fit`).

    ``n`` responses held both; the means and the median are in points of 0..100 and None when n is 0.
    ``is_unadjusted``: beta was set to 0, because expectation does not vary or n is below the minimum.
    ``beta_error`` is the standard error of beta, None when it was set.
    """

    n: int
    beta: float
    expectation_mean: float | None
    expectation_median: float | None
    satisfaction_mean: float | None
    is_unadjusted: bool
    beta_error: float | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How to compute, for every index; each reads what concerns it.

    ``items`` is what `composite`, `expectation` and `culture` need. ``one_per_customer`` keeps the latest
    answer (response) of each customer in each group; None leaves it to the index. ``min_n`` is how many
    responses the expectation adjustment needs; ``adjustment`` gives it instead of fitting it to the
    answers at hand. ``satisfied_from`` divides satisfied from not, in points of 0..100.
    """

    items: Items | None = None
    one_per_customer: bool | None = None
    min_n: int = 30
    satisfied_from: float = 70.0
    adjustment: Adjustment | None = None


DEFAULT_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class DimensionResult:
    """The mean of one dimension, or side, of the service culture profile in points of 0..100.

    ``n`` responses answered it; ``score`` is None when none did, the interval also where `IndexResult`
    has none.
    """

    name: str
    n: int
    score: float | None
    low: float | None
    high: float | None

    @property
    def low_sample(self) -> bool:
        """Whether there are too few answers to rely on."""
        return self.n < LOW_SAMPLE_BELOW


@dataclass(frozen=True, slots=True)
class IndexResult:
    """An index over one group of answers.

    ``n`` answers count (responses for `composite` and its kin). ``score`` is in the unit of the index,
    None when n is 0, and is the mean of one number a counted answer; ``variance`` is the sample variance
    of these numbers, None when n < 2. ``low`` and ``high`` are its 95 % interval, which contains it;
    None when n is 0 and, where it is a t-interval, when n < 2 or all numbers are equal, because nothing
    is then known of the spread. ``excluded`` counts what was left out by `Exclusion`; ``parts`` are
    further numbers of the index, named in its module; ``dimensions`` is empty except for `culture`.
    """

    index: str
    n: int
    score: float | None
    low: float | None
    high: float | None
    variance: float | None
    excluded: Mapping[str, int]
    parts: Mapping[str, Part]
    dimensions: tuple[DimensionResult, ...] = ()

    @property
    def low_sample(self) -> bool:
        """Whether there are too few answers to rely on: fewer than 30."""
        return self.n < LOW_SAMPLE_BELOW

    @property
    def rankable(self) -> bool:
        """Whether the group may appear in a ranking: with fewer than 5 answers never."""
        return self.n >= RANKABLE_FROM


class Compute(Protocol):
    """Computes an index for groups of answers."""

    def __call__(
        self, answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
    ) -> list[IndexResult]:
        """Give one result a group: the i-th is for the rows where ``groups`` is i."""


class Compare(Protocol):
    """Compares an index between two periods or groups."""

    def __call__(self, previous: IndexResult, current: IndexResult) -> Change:
        """Tell whether ``current`` differs from ``previous``."""


class JudgeList(Protocol):
    """Judges a list of periods of an index as a whole."""

    def __call__(self, results: Sequence[IndexResult], lists: int = 1) -> ListVerdict | None:
        """Tell whether it moved within the list; None with fewer than three periods that have answers."""


@dataclass(frozen=True, slots=True)
class Index:
    """A satisfaction index: what it is called (a message id), how it is made, and the functions
    that make it.

    ``low`` and ``high`` bound the score (None: unbounded), which is in ``unit``: "share" (0..1) or
    "points". ``kinds`` are the kinds of question it reads; ``documentation`` is where its formula is served.
    ``compute`` takes answers, a group code a row (`NO_GROUP` for rows that are in none) and the number of
    groups; a row that is in several groups stands once for each.
    """

    code: str
    title: str
    formula: str
    source: str
    documentation: str
    low: float | None
    high: float | None
    unit: str
    kinds: tuple[str, ...]
    compute: Compute
    compare: Compare
    judge_list: JudgeList
    one_per_customer: bool = False
    needs_items: bool = False
    survey_apart: bool = False
    """Answers to several surveys have no figure in common: what they ask is not the same."""

    def overall(self, answers: Answers, options: Options = DEFAULT_OPTIONS) -> IndexResult:
        """Compute the index over all the answers as one group."""
        return self.compute(answers, np.zeros(answers.n, dtype=np.int64), 1, options)[0]
