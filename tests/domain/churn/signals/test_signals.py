import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn import (
    SIGNALS,
    Baselines,
    Facts,
    Reason,
    Rhythm,
    baselines,
    from_row,
    reasons_for_one,
    sentence,
)
from app.domain.churn.inputs.customer_facts import COLUMNS, DAYS, SCORES, CustomerFacts
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.satisfaction.trend import Spread
from app.texts import render

AS_OF = 20_000
USUAL = Baselines(Rhythm(100, 30.0, 90.0), 80.0, 2.0, Spread(0.38, 67.0))


def facts(*customers: dict[str, float], as_of_day: int = AS_OF) -> Facts:
    """Customers of whom nothing is known but what is given."""
    unknown = dict.fromkeys(COLUMNS, 0) | dict.fromkeys(DAYS, NO_DAY) | dict.fromkeys(SCORES, np.nan)
    rows = [{**unknown, **customer} for customer in customers]
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows], dtype=np.float64 if name in SCORES else np.int64)
        for name in COLUMNS
    }
    return Facts(as_of_day=as_of_day, **columns)


def one(customer: dict[str, float]) -> CustomerFacts:
    """The same of one customer, read back from where it was stored."""
    return from_row(json.loads(json.dumps(facts(customer).row(0))), AS_OF)


def buyer(silence: int, purchase_days: int = 4, span: int = 90, **more: float) -> dict[str, float]:
    last = AS_OF - 1 - silence
    return {
        "first_day": last - span,
        "last_day": last,
        "purchase_days": purchase_days,
        "complaints": 1,
        **more,
    }


def scores(last: float, earlier: float, occasions: int, day: int = AS_OF - 1) -> dict[str, float]:
    """A last score after some that were all alike."""
    before: dict[str, float] = {"earlier_score": earlier, "earlier_score_squares": 0}
    return {"last_score": last, "last_score_day": day, "score_occasions": occasions, **before}


ENDS_IN_30 = AS_OF + 29


@pytest.mark.parametrize(
    ("code", "customer", "value", "baseline", "contribution"),
    [
        ("silence_vs_own_rhythm", buyer(60), 60, 30, 0.5),
        ("silence_vs_own_rhythm", buyer(90), 90, 30, 1),
        ("silence_vs_own_rhythm", buyer(400), 400, 30, 1),
        ("frequency_drop", {"recent_purchases": 1, "earlier_purchases": 4}, 1, 4, 0.75),
        ("spend_drop", {"recent_spend_minor": 400, "earlier_spend_minor": 1000}, 40, 100, 0.6),
        ("spend_drop", {"recent_spend_minor": -400, "earlier_spend_minor": 1000}, 0, 100, 1),
        ("open_complaint", {"open_complaints": 2}, 2, 0, 0.75),
        ("broken_promise", {"broken_promises": 1}, 1, 0, 0.5),
        ("unresolved_complaint", {"open_complaints": 1, "oldest_open_day": AS_OF - 42}, 42, 14, 0.75),
        (
            "unresolved_complaint",
            {"open_complaints": 1, "oldest_open_day": AS_OF - 2, "reopened_complaints": 1},
            2,
            14,
            0.75,
        ),
        ("low_score", {"last_score": 20, "last_score_day": AS_OF - 365}, 20, 80, 0.6),
        (
            "falling_scores",
            scores(20, 90, 5),
            20,
            90,
            1,
        ),
        ("falling_scores", {**scores(25, 100, 3), "previous_score": 0}, 25, 100, 1),
        ("contract_end_near", {"contract_ends_day": ENDS_IN_30}, 30, 90, 1 - 30 / 91),
        ("contract_end_near", {"contract_ends_day": ENDS_IN_30, "contract_notice_day": AS_OF - 1}, 30, 90, 1),
        ("contract_end_near", {"contract_ends_day": AS_OF - 20}, 0, 90, 1),
        ("many_contacts", {"recent_contacts": 8}, 8, 2, 0.5),
        ("no_contact_no_complaint", buyer(60, complaints=0), 60, 30, 0.25),
    ],
    ids=str,
)
def test_worked_examples(
    code: str, customer: dict[str, float], value: float, baseline: float, contribution: float
) -> None:
    found = {reason.code: reason for reason in reasons_for_one(one(customer), USUAL)}
    expected = (value, baseline, contribution)
    reason = found[code]
    assert (reason.value, reason.baseline, reason.contribution) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("code", "customer"),
    [
        ("silence_vs_own_rhythm", buyer(30)),
        ("silence_vs_own_rhythm", {}),
        ("frequency_drop", {"recent_purchases": 0, "earlier_purchases": 1}),
        ("frequency_drop", {"recent_purchases": 4, "earlier_purchases": 5}),
        ("spend_drop", {"recent_spend_minor": 0, "earlier_spend_minor": 0}),
        ("spend_drop", {"recent_spend_minor": 5, "earlier_spend_minor": -10}),
        ("unresolved_complaint", {"open_complaints": 1, "oldest_open_day": AS_OF - 14}),
        ("low_score", {"last_score": 50, "last_score_day": AS_OF - 1}),
        ("low_score", {"last_score": 0, "last_score_day": AS_OF - 366}),
        ("falling_scores", scores(50, 100, 3)),
        ("falling_scores", scores(0, 100, 2)),
        ("falling_scores", scores(25, 100, 3, AS_OF - 366)),
        ("falling_scores", scores(100, 25, 5)),
        ("falling_scores", {"last_score": 10, "last_score_day": AS_OF - 1}),
        ("contract_end_near", {"contract_ends_day": AS_OF + 90}),
        ("contract_end_near", {"contract_ends_day": AS_OF - 40}),
        ("contract_end_near", {"contract_notice_day": AS_OF - 1}),
        ("many_contacts", {"recent_contacts": 4}),
        ("no_contact_no_complaint", buyer(60)),
        ("no_contact_no_complaint", buyer(60, complaints=0, recent_contacts=1)),
    ],
    ids=str,
)
def test_where_a_sign_does_not_apply(code: str, customer: dict[str, float]) -> None:
    assert code not in {reason.code for reason in reasons_for_one(one(customer), USUAL)}


def test_a_fall_tells_how_many_scores_and_what_is_ordinary() -> None:
    (reason,) = (r for r in reasons_for_one(one(scores(25, 100, 3)), USUAL) if r.code == "falling_scores")
    assert (reason.n, reason.limit) == (3, pytest.approx(70.34, abs=0.01))
    stated = "The last of 3 satisfaction scores is 25, the mean before it 100; "
    assert render("en", sentence(reason)) == f"{stated}a fall of up to 70 points is ordinary."


@pytest.mark.parametrize(
    ("customer", "baseline", "text"),
    [
        (buyer(120, 3, 61), 30.5, "No purchase for 120 days; usually 30 days pass between purchases."),
        (buyer(120, 2, 34), 34, "No purchase for 120 days; it bought on two days, 34 days apart."),
        (buyer(120, 1, 0), None, "Bought on one day, 120 days ago."),
    ],
)
def test_what_is_usual_is_told_only_of_an_own_rhythm(
    customer: dict[str, float], baseline: float | None, text: str
) -> None:
    [reason] = [
        found for found in reasons_for_one(one(customer), USUAL) if found.code == "silence_vs_own_rhythm"
    ]
    assert (reason.value, reason.baseline, render("en", sentence(reason))) == (120, baseline, text)


def test_silence_is_counted_to_where_sales_ended() -> None:
    row = facts(buyer(60)).row(0)
    known = from_row(row, AS_OF + 100, AS_OF)
    [reason] = [one for one in reasons_for_one(known, USUAL) if one.code == "silence_vs_own_rhythm"]
    assert (reason.value, reason.baseline, reason.contribution) == (60, 30, 0.5)
    assert from_row(row, AS_OF + 100).silence_days == 160


def test_of_whom_nothing_is_known_nothing_is_said() -> None:
    nothing = Baselines(Rhythm(0, None, None), None, None)
    assert reasons_for_one(one(scores(0, 100, 3)), nothing) == []
    for usual in (USUAL, nothing):
        assert reasons_for_one(one({}), usual) == []
    assert [one.code for one in reasons_for_one(one(buyer(500, complaints=0)), nothing)] == []


def test_absent_contacts_say_nothing_where_none_are_recorded() -> None:
    usual = Baselines(USUAL.rhythm, 80.0, None)
    codes = [one.code for one in reasons_for_one(one(buyer(60, complaints=0)), usual)]
    assert codes == ["silence_vs_own_rhythm"]


def test_the_strongest_reason_comes_first() -> None:
    found = reasons_for_one(one(buyer(60, open_complaints=3, recent_contacts=8)), USUAL)
    assert [one.code for one in found] == ["open_complaint", "silence_vs_own_rhythm", "many_contacts"]


def test_facts_and_baselines_survive_storage() -> None:
    customers = [buyer(60, complaints=0), {}, buyer(3, last_score=12.5, last_score_day=AS_OF - 3)]
    whole = facts(*customers)
    usual = Baselines.from_dict(json.loads(json.dumps(baselines(whole).to_dict())))
    assert usual == baselines(whole)
    assert CustomerFacts._fields == ("as_of_day", *COLUMNS, "sales_end_day")
    nothing = dict.fromkeys(COLUMNS, 0) | dict.fromkeys((*DAYS, *SCORES))
    for customer in customers:
        days = {"as_of_day": AS_OF, "sales_end_day": AS_OF}
        assert one(customer)._asdict() == {**days, **nothing, **customer}


@pytest.mark.parametrize("language", ["en", "tr", "az"])
@given(
    row=st.fixed_dictionaries(
        {name: st.integers(0, 2000) for name in COLUMNS if name not in (*DAYS, *SCORES)}
        | {name: st.none() | st.integers(AS_OF - 3000, AS_OF + 3000) for name in DAYS}
        | {name: st.none() | st.floats(0, 100) for name in SCORES}
    ),
    usual=st.sampled_from([USUAL, Baselines(Rhythm(0, None, None), None, None)]),
)
def test_whatever_the_facts_are_a_reason_is_finite_and_can_be_said(
    language: str, row: dict[str, Any], usual: Baselines
) -> None:
    if None in (row["first_day"], row["last_day"]):
        row |= {"first_day": None, "last_day": None, "purchase_days": 0}
    elif row["last_day"] < row["first_day"]:
        row |= {"first_day": row["last_day"], "last_day": row["first_day"]}
    found = reasons_for_one(from_row([row[name] for name in COLUMNS], AS_OF), usual)
    for reason in found:
        assert 0 < reason.contribution <= 1
        assert math.isfinite(reason.value)
        assert reason.baseline is None or math.isfinite(reason.baseline)
        assert "{" not in render(language, sentence(reason))
    weights = [reason.contribution for reason in found]
    assert weights == sorted(weights, reverse=True)


def test_baselines() -> None:
    found = baselines(
        facts(
            buyer(5, purchase_days=3, span=40, recent_contacts=4, last_score=60),
            buyer(5, purchase_days=2, span=60, recent_contacts=2, last_score=90),
            {},
        )
    )
    assert found == Baselines(Rhythm(2, 40.0, 58.0), median_score=75.0, median_contacts=3.0)
    assert baselines(facts()) == Baselines(Rhythm(0, None, None), None, None)


@pytest.mark.parametrize(
    ("reason", "language", "text"),
    [
        (
            Reason("silence_vs_own_rhythm", 61, 20.4, 1),
            "en",
            "No purchase for 61 days; usually 20 days pass between purchases.",
        ),
        (
            Reason("silence_vs_own_rhythm", 61, 20.4, 1),
            "tr",
            "61 gündür alışveriş yok; alışverişler arasında genellikle 20 gün geçer.",
        ),
        (Reason("contract_end_near", 1, 90, 0.99), "en", "Time left in the contract: 1 day."),
        (Reason("contract_end_near", 1, 90, 0.99), "az", "Müqavilənin bitməsinə qalan müddət: 1 gün."),
        (
            Reason("spend_drop", 40, 100, 0.6),
            "tr",
            "Son 90 günün harcaması, önceki 90 günün %40 düzeyinde.",
        ),
        (
            Reason("spend_drop", 40, 100, 0.6),
            "az",
            "Son 90 günün xərci əvvəlki 90 günün 40% səviyyəsindədir.",
        ),
        (
            Reason("many_contacts", 8, 2.5, 0.5),
            "en",
            "Contacts in the last 90 days: 8; median of customers in contact: 2.5.",
        ),
        (
            Reason("many_contacts", 8, 2.5, 0.5),
            "tr",
            "Son 90 gündeki temas: 8; temas kuran müşterilerin ortancası 2,5.",
        ),
        (Reason("open_complaint", 2, 0, 0.75), "de", "Open complaints: 2."),
    ],
)
def test_sentences_count_and_write_numbers_as_the_language_does(
    reason: Reason, language: str, text: str
) -> None:
    assert render(language, sentence(reason)) == text


def test_every_sentence_states_the_value() -> None:
    assert all("{value}" in sign.sentence and sign.sentence.endswith(".") for sign in SIGNALS.values())


def test_facts_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="each column"):
        from_row([1, 2], AS_OF)
    with pytest.raises(ValueError, match="one length"):
        Facts(AS_OF, *[np.zeros(1, dtype=np.int64)] * (len(COLUMNS) - 1), np.zeros(2, dtype=np.int64))
