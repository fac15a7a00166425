"""Snapshots of contracts: what they teach, how that is tested, and what they say of a customer."""

from typing import Any

import numpy as np
import pytest

from app.domain.churn.contractual import cross_section
from app.domain.churn.contractual.cross_section import AGE, CrossSection, SectionServing, learn, serve
from app.domain.churn.explanations.contributions import sentences
from app.domain.churn.models.model import Why
from app.domain.customers.contract_statements import DAYS_IN, OLDEST, AgeUnit, digest
from app.texts import render


def company(n: int = 600, seed: int = 3, effect: float = 2.0) -> CrossSection:
    """Contracts of whom the young and the monthly ones leave; ``effect`` 0: nobody more than others."""
    random = np.random.default_rng(seed)
    age, monthly = random.integers(0, 72, n), random.random(n) < 0.5
    odds = -1.0 + effect * (monthly - 0.5) - effect * (np.log1p(age) - 3) / 2
    left = random.random(n) < 1 / (1 + np.exp(-odds))
    documents = [
        {"plan": "monthly" if one else "yearly", "fee": f"{20 + place % 7}.50"}
        for place, one in enumerate(monthly.tolist())
    ]
    said = zip(age.tolist(), documents, left.tolist(), strict=True)
    digests = np.array([digest({"age": a, "attributes": d, "has_left": gone}) for a, d, gone in said])
    return CrossSection(age * DAYS_IN[AgeUnit.MONTHS], documents, left, digests)


def shuffled(section: CrossSection, seed: int = 9) -> CrossSection:
    order = np.random.default_rng(seed).permutation(len(section))
    documents = [section.documents[place] for place in order.tolist()]
    return CrossSection(section.age[order], documents, section.left[order], section.digest[order])


def test_age_and_attributes_that_tell_who_left_win_against_the_share() -> None:
    section = company()
    found = learn(section, draws=0)
    assert (found.reason, found.n, found.left) == (Why.WON, 600, int(section.left.sum()))
    assert found.base is not None
    assert found.learned is not None
    assert found.learned.auc is not None
    assert found.learned.auc > 0.7
    assert found.base.auc == pytest.approx(0.5, abs=0.05)
    assert found.model is not None
    assert found.model.attribute_names == (AGE, "attribute.fee", "attribute.plan")


def test_the_figures_are_those_of_customers_whom_the_model_has_not_seen() -> None:
    """The whole model, asked of those it learned from, does better than it is said to."""
    section = company(effect=0.8)
    found = learn(section, draws=0)
    assert found.learned is not None
    assert found.model is not None
    seen = found.model.q(section.attributes(found.model.attribute_names))
    assert found.learned.brier is not None
    assert ((seen - section.left) ** 2).mean() < found.learned.brier


def test_what_tells_nothing_leaves_the_share_in_place() -> None:
    found = learn(company(effect=0.0), draws=0)
    assert (found.reason, found.model) == (Why.LOST, None)
    assert found.learned is not None


@pytest.mark.parametrize("n", [0, 1, 29, 30, 60])
def test_too_few_teach_nothing(n: int) -> None:
    section = company(n=max(n, 1))
    if n == 0:
        section = CrossSection(*(column[:0] for column in (section.age, section.documents, section.left)),
                               section.digest[:0])  # fmt: skip
    found = learn(section, draws=0)
    assert (found.reason, found.model, found.n) == (Why.TOO_FEW_OUTCOMES, None, n)
    assert found.share == (None if n == 0 else section.left.mean())


def test_no_figure_depends_on_who_was_stored_first() -> None:
    one, other = learn(company()), learn(shuffled(company()))
    assert one.learned == other.learned
    assert one.base == other.base
    assert one.model is not None
    assert other.model is not None
    assert one.model.to_dict() == other.model.to_dict()


def test_a_planted_name_that_was_written_when_customers_left_is_what_the_limit_warns_of() -> None:
    section = company()
    documents = [
        {**document, **({"why": "price"} if gone else {})}  # type: ignore[dict-item]
        for document, gone in zip(section.documents, section.left.tolist(), strict=True)
    ]
    found = learn(CrossSection(section.age, documents, section.left, section.digest), draws=0)
    assert found.learned is not None
    assert found.learned.auc is not None
    assert found.learned.auc > 0.99  # no fold shows it: docs/formulas.md#snapshots-of-contracts


def test_reasons_of_a_customer_add_up_to_its_log_odds() -> None:
    section = company()
    model = learn(section, draws=0).model
    assert model is not None
    serving, q = serve(model, section)
    restored = SectionServing.from_dict(serving.to_dict())
    for place in (0, 17, 599):
        document: Any = section.documents[place]
        age = round(section.age[place] / DAYS_IN[AgeUnit.MONTHS])
        parts = cross_section.explained(age, AgeUnit.MONTHS, document, restored)
        odds = restored.mean_log_odds + sum(part.contribution for part in parts)
        assert 1 / (1 + np.exp(-odds)) == pytest.approx(q[place], abs=1e-12)
        assert {(part.code, part.attribute) for part in parts} == {
            (AGE, None),
            ("attribute", "plan"),
            ("attribute", "fee"),
        }
        [plan] = [part for part in parts if part.attribute == "plan"]
        assert (plan.text, plan.value) == (document["plan"], None)
        [fee] = [part for part in parts if part.attribute == "fee"]
        assert fee.value == float(document["fee"])


def test_what_nobody_recorded_of_a_customer_is_said_in_three_languages() -> None:
    model = learn(company(), draws=0).model
    assert model is not None
    serving, _ = serve(model, company())
    parts = cross_section.explained(2, AgeUnit.YEARS, {"plan": "gold"}, serving)
    told = {
        language: [render(language, sentences(part)[0]) for part in parts] for language in ("en", "tr", "az")
    }
    assert "Recorded for “plan”: gold." in told["en"]
    assert "Nothing is recorded for “fee”." in told["en"]
    assert "Under contract for 2 years." in told["en"]
    assert any("2 yıl" in sentence for sentence in told["tr"])
    assert len({tuple(sorted(said)) for said in told.values()}) == 3


def test_units_of_age_are_comparable_and_bounded() -> None:
    assert DAYS_IN[AgeUnit.MONTHS] * 12 == DAYS_IN[AgeUnit.YEARS]
    assert {round(OLDEST[unit] * DAYS_IN[unit]) for unit in AgeUnit} == {73_050}
