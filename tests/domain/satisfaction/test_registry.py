"""What must hold of every index, and that each is registered and documented."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_helpers import OPTIONS, mixed_answers

from app.domain import satisfaction
from app.domain.satisfaction import INDICES
from app.domain.satisfaction.expectation import Adjustment
from app.domain.satisfaction.model import Answers, Exclusion, IndexResult, IntArray, Options

ROOT = Path(__file__).parents[3]
CODES = list(INDICES)
# The adjustment is learned from all groups together; given, each group stands alone.
FIXED = Options(items=OPTIONS.items, adjustment=Adjustment(9, 0.4, 60.0, 65.0, 70.0, is_unadjusted=False))
few = settings(max_examples=25)  # of each index; a case holds many answers
Case = tuple[Answers, IntArray, int]


def the_same(one: IndexResult, other: IndexResult) -> None:
    assert (one.index, one.n, one.excluded) == (other.index, other.n, other.excluded)
    for name in ("score", "low", "high", "variance"):
        close(getattr(one, name), getattr(other, name))
    assert one.parts.keys() == other.parts.keys()
    for name in one.parts:
        close(one.parts[name], other.parts[name])
    for mine, theirs in zip(one.dimensions, other.dimensions, strict=True):
        assert (mine.name, mine.n) == (theirs.name, theirs.n)
        close(mine.score, theirs.score)
        close(mine.low, theirs.low)


def close(one: float | None, other: float | None) -> None:
    if one is None or other is None:
        assert one is other
    else:
        assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("code", CODES)
@few
@given(case=mixed_answers())
def test_the_score_lies_in_its_interval_and_its_range(code: str, case: Case) -> None:
    index = INDICES[code]
    for found in index.compute(*case, OPTIONS):
        if found.score is None:
            assert (found.n, found.low, found.high, found.variance) == (0, None, None, None)
            continue
        assert found.n > 0
        assert (found.variance is None) == (found.n == 1)
        ends = [end for end in (index.low, found.low, found.score, found.high, index.high) if end is not None]
        assert ends == sorted(ends)
        assert all(math.isfinite(part) for part in found.parts.values() if part is not None)


@pytest.mark.parametrize("code", CODES)
@few
@given(case=mixed_answers(), random=st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(code: str, case: Case, random: st.DataObject) -> None:
    answers, groups, n_groups = case
    order = list(range(answers.n))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = np.array(order, dtype=np.int64)
    for options in (OPTIONS, Options(items=OPTIONS.items, one_per_customer=True)):
        found = INDICES[code].compute(answers, groups, n_groups, options)
        shuffled = INDICES[code].compute(answers.take(rows), groups[rows], n_groups, options)
        for one, other in zip(found, shuffled, strict=True):
            the_same(one, other)


@pytest.mark.parametrize("code", CODES)
@few
@given(case=mixed_answers())
def test_a_group_is_what_it_would_be_alone(code: str, case: Case) -> None:
    answers, groups, n_groups = case
    for options in (FIXED, Options(items=FIXED.items, adjustment=FIXED.adjustment, one_per_customer=True)):
        found = INDICES[code].compute(answers, groups, n_groups, options)
        assert len(found) == n_groups
        for group, result in enumerate(found):
            the_same(result, INDICES[code].overall(answers.take(groups == group), options))


@pytest.mark.parametrize("code", CODES)
@few
@given(case=mixed_answers())
def test_rows_may_stand_in_several_groups(code: str, case: Case) -> None:
    answers, groups, n_groups = case
    twice = np.concatenate([np.arange(answers.n)] * 2)
    everyone = np.full(answers.n, n_groups)
    *apart, together = INDICES[code].compute(
        answers.take(twice), np.concatenate([groups, everyone]), n_groups + 1, FIXED
    )
    the_same(together, INDICES[code].overall(answers, FIXED))
    for one, other in zip(apart, INDICES[code].compute(answers, groups, n_groups, FIXED), strict=True):
        the_same(one, other)


@pytest.mark.parametrize("code", ["csat", "nps", "ces"])
@few
@given(case=mixed_answers())
def test_every_answer_of_a_group_is_counted_or_excluded(code: str, case: Case) -> None:
    answers, groups, n_groups = case
    for group, found in enumerate(INDICES[code].compute(answers, groups, n_groups)):
        assert found.n + sum(found.excluded.values()) == np.count_nonzero(groups == group)
        assert set(found.excluded) <= set(Exclusion)


@pytest.mark.parametrize("code", ["csat", "nps", "ces", "composite", "culture"])
@few
@given(case=mixed_answers())
def test_earlier_answers_of_customers_are_replaced_and_not_lost(code: str, case: Case) -> None:
    answers, groups, n_groups = case
    every, one = (
        INDICES[code].compute(answers, groups, n_groups, Options(items=OPTIONS.items, one_per_customer=asked))
        for asked in (False, True)
    )
    for all_of_them, latest in zip(every, one, strict=True):
        assert all_of_them.n == latest.n + latest.excluded["replaced"]
        assert all_of_them.excluded["replaced"] == 0


@pytest.mark.parametrize("code", CODES)
def test_nothing_gives_none_in_every_group(code: str) -> None:
    found = INDICES[code].compute(Answers.empty(), np.empty(0, dtype=np.int64), 3, OPTIONS)
    assert [(result.n, result.score, result.index) for result in found] == [(0, None, code)] * 3


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "groups",
    [np.array([0]), np.array([0, 2]), np.array([-2, 0]), np.array([0.0, 1.0])],
    ids=["too few", "too great", "negative", "fractions"],
)
def test_groups_that_make_no_sense_are_refused(code: str, groups: IntArray) -> None:
    zeros = np.zeros(2, dtype=np.int64)
    answers = Answers(zeros, zeros, zeros, zeros > 0, zeros, zeros, zeros, zeros)
    with pytest.raises(ValueError, match="group"):
        INDICES[code].compute(answers, groups, 2, OPTIONS)


@pytest.mark.parametrize("code", CODES)
def test_who_needs_items_says_so(code: str) -> None:
    if not INDICES[code].needs_items:
        assert INDICES[code].overall(Answers.empty()).n == 0
        return
    with pytest.raises(ValueError, match="items"):
        INDICES[code].overall(Answers.empty())


@pytest.mark.parametrize("column", Answers.__slots__)
def test_columns_must_be_aligned_and_of_their_type(column: str) -> None:
    zeros = np.zeros(2, dtype=np.int64)
    whole = {name: zeros if name != "is_skipped" else zeros > 0 for name in Answers.__slots__}
    assert Answers(**whole).n == 2
    for wrong in (zeros[:1] > 0 if column == "is_skipped" else zeros[:1], np.zeros(2)):
        with pytest.raises(ValueError, match="must be a column"):
            Answers(**{**whole, column: wrong})


@pytest.mark.parametrize(("column", "least"), [("respondent", -1), ("response", 0), ("item", 0)])
def test_codes_have_a_least_value(column: str, least: int) -> None:
    zeros = np.zeros(1, dtype=np.int64)
    whole = {name: zeros if name != "is_skipped" else zeros > 0 for name in Answers.__slots__}
    assert Answers(**{**whole, column: zeros + least}).n == 1
    with pytest.raises(ValueError, match=column):
        Answers(**{**whole, column: zeros + least - 1})


def test_every_module_with_an_index_is_registered() -> None:
    directory = Path(satisfaction.__file__).parent
    modules = {path.stem for path in directory.glob("*.py") if "\nINDEX = " in path.read_text("utf-8")}
    assert modules == set(INDICES)
    assert all(code == index.code for code, index in INDICES.items())


@pytest.mark.parametrize("code", CODES)
def test_every_index_leads_to_its_section(code: str) -> None:
    page, anchor = INDICES[code].documentation.split("#")
    assert page == "/docs/formulas"
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/formulas.md").read_text("utf-8"), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_sections_named_in_the_source_exist() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/formulas.md").read_text("utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    sources = Path(satisfaction.__file__).parent.glob("*.py")
    named = {
        anchor
        for path in sources
        for anchor in re.findall(r"formulas(?:\.md)?#([a-z-]+)", path.read_text("utf-8"))
    }
    assert len(named) > len(CODES)
    assert named <= anchors
