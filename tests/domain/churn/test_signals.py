import json
import re
from typing import Any

import numpy as np
import pytest

from app.domain.churn import (
    SIGNALS,
    Baselines,
    Facts,
    Reason,
    Rhythm,
    baselines,
    from_rows,
    reasons_for_one,
    sentence,
)
from app.domain.churn.facts import COLUMNS, DAYS, SCORES
from app.domain.churn.history import NO_DAY
from app.domain.churn.signals import measure_all

AS_OF = 20_000
USUAL = Baselines(Rhythm(100, 30.0, 90.0), median_score=80.0, median_contacts=2.0)


def facts(*customers: dict[str, float], as_of_day: int = AS_OF) -> Facts:
    """Customers of whom nothing is known but what is given."""
    unknown = dict.fromkeys(COLUMNS, 0) | dict.fromkeys(DAYS, NO_DAY) | dict.fromkeys(SCORES, np.nan)
    rows = [{**unknown, **customer} for customer in customers]
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows], dtype=np.float64 if name in SCORES else np.int64)
        for name in COLUMNS
    }
    return Facts(as_of_day=as_of_day, **columns)


def buyer(silence: int, purchase_days: int = 4, span: int = 90, **more: float) -> dict[str, float]:
    last = AS_OF - 1 - silence
    return {
        "first_day": last - span,
        "last_day": last,
        "purchase_days": purchase_days,
        "complaints": 1,
        **more,
    }


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
            {"last_score": 60, "previous_score": 85, "last_score_day": AS_OF - 1},
            60,
            85,
            0.5,
        ),
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
    found = {reason.code: reason for reason in reasons_for_one(facts(customer), USUAL)}
    expected = (value, baseline, contribution)
    one = found[code]
    assert (one.value, one.baseline, one.contribution) == pytest.approx(expected)


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
        ("falling_scores", {"last_score": 60, "previous_score": 79, "last_score_day": AS_OF - 1}),
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
    assert code not in {reason.code for reason in reasons_for_one(facts(customer), USUAL)}


def test_of_whom_nothing_is_known_nothing_is_said() -> None:
    nothing = Baselines(Rhythm(0, None, None), None, None)
    for usual in (USUAL, nothing):
        assert reasons_for_one(facts({}), usual) == []
    assert [one.code for one in reasons_for_one(facts(buyer(500, complaints=0)), nothing)] == []


def test_absent_contacts_say_nothing_where_none_are_recorded() -> None:
    usual = Baselines(USUAL.rhythm, 80.0, None)
    codes = [one.code for one in reasons_for_one(facts(buyer(60, complaints=0)), usual)]
    assert codes == ["silence_vs_own_rhythm"]


def test_the_strongest_reason_comes_first() -> None:
    found = reasons_for_one(facts(buyer(60, open_complaints=3, recent_contacts=8)), USUAL)
    assert [one.code for one in found] == ["open_complaint", "silence_vs_own_rhythm", "many_contacts"]


def test_many_at_once_are_as_one_by_one_and_survive_storage() -> None:
    customers = [
        buyer(60, complaints=0),
        {},
        buyer(3, recent_contacts=9, last_score=12.5, last_score_day=AS_OF - 3),
    ]
    whole = facts(*customers)
    usual = Baselines.from_dict(json.loads(json.dumps(baselines(whole).to_dict())))
    assert usual == baselines(whole)
    columns = measure_all(whole, usual)
    for place in range(3):
        stored = json.loads(json.dumps(whole.row(place)))
        for reason in reasons_for_one(from_rows([stored], AS_OF), usual):
            assert columns[reason.code].contribution[place] == reason.contribution
        applying = {code for code, one in columns.items() if one.contribution[place] > 0}
        assert applying == {one.code for one in reasons_for_one(from_rows([stored], AS_OF), usual)}


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


@pytest.mark.parametrize("code", sorted(SIGNALS))
@pytest.mark.parametrize("language", ["en", "tr", "az"])
def test_every_sign_speaks_every_language(code: str, language: str) -> None:
    sign = SIGNALS[code]
    said = sentence(Reason(code, 61, 20, 0.5), language)
    assert said == sign.sentences[language].replace("{recent_days}", "90").replace(
        "{value}", spelled(61, sign.unit, language)
    ).replace("{baseline}", spelled(20, sign.unit, language))
    assert said.endswith(".")
    assert sign.titles[language]
    used = set(re.findall(r"\{(\w+)\}", sign.sentences[language]))
    assert "value" in used
    assert used == set(re.findall(r"\{(\w+)\}", sign.sentences["en"])), "the same facts in every language"


def spelled(number: int, unit: str, language: str) -> str:
    words = {"days": {"en": f"{number} days", "tr": f"{number} gün", "az": f"{number} gün"}}
    percent = {"percent": {"en": f"{number}%", "tr": f"%{number}", "az": f"{number}%"}}
    return (words | percent).get(unit, {}).get(language, str(number))


def test_an_unknown_language_is_answered_in_english() -> None:
    assert sentence(Reason("open_complaint", 2, 0, 0.75), "de") == "Open complaints: 2."


def test_facts_of_one_customer_are_asked_for() -> None:
    with pytest.raises(ValueError, match="one customer"):
        reasons_for_one(facts({}, {}), USUAL)
    with pytest.raises(ValueError, match="each column"):
        from_rows([[1, 2]], AS_OF)
    with pytest.raises(ValueError, match="one length"):
        Facts(AS_OF, *[np.zeros(1, dtype=np.int64)] * (len(COLUMNS) - 1), np.zeros(2, dtype=np.int64))
