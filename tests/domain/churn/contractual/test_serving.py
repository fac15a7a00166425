"""What the learned model of contracts looks at, and what it says of one customer."""

from pathlib import Path

import numpy as np
import pytest

from app.domain.churn import from_row
from app.domain.churn.contractual import features
from app.domain.churn.contractual.features import FEATURES, ContractSnapshot, attributes
from app.domain.churn.contractual.reason_groups import OWN, THEMES
from app.domain.churn.contractual.serving import ContractServing, explained, serve
from app.domain.churn.contractual.state import Contracts
from app.domain.churn.explanations.contributions import sentences
from app.domain.churn.explanations.reason_groups import THEMES as WITHOUT_CONTRACT
from app.domain.churn.inputs.customer_facts import COLUMNS, DAYS, SCORES, Facts
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractModel, ContractWindow
from app.texts import render

AS_OF = 1000
FORMULAS = (Path(__file__).parents[4] / "docs/formulas.md").read_text()


def company(seed: int, n: int = 3000) -> tuple[ContractSnapshot, np.ndarray]:
    """Customers of all kinds, and who of them left."""
    random = np.random.default_rng(seed)
    columns = {name: random.integers(0, 4, n) for name in COLUMNS}
    columns |= {name: random.integers(AS_OF - 400, AS_OF, n) for name in DAYS}
    columns |= {name: np.where(random.random(n) < 0.5, np.nan, 100 * random.random(n)) for name in SCORES}
    columns["complaints"] = columns["open_complaints"] + random.integers(0, 3, n)
    ends = np.where(random.random(n) < 0.3, NO_DAY, AS_OF + random.integers(0, 700, n))
    columns |= {"contract_ends_day": ends, "contract_notice_day": np.full(n, NO_DAY)}
    started, none = AS_OF - random.integers(1, 900, n), np.full(n, NO_DAY)
    terms = Contracts(started, ends, none, none, np.zeros(n, dtype=np.bool_))
    odds = 1.5 - 0.6 * np.log1p(AS_OF - started) + 0.8 * columns["open_complaints"]
    left = random.random(n) < 1 / (1 + np.exp(-odds))
    return ContractSnapshot(Facts(as_of_day=AS_OF, **columns), terms, random.integers(0, 3, n)), left


def served(seed: int = 1) -> tuple[ContractSnapshot, ContractServing]:
    seen, left = company(seed)
    model = contract.train(attributes(seen), left)
    assert isinstance(model, ContractModel)
    return seen, serve(model, seen)


def test_contributions_add_up_for_everybody_and_are_told_of_one_as_of_many() -> None:
    seen, serving = served()
    parts = serving.contributions(seen)
    assert parts.mean(axis=0) == pytest.approx(np.zeros(parts.shape[1]), abs=1e-12)
    odds = serving.mean_log_odds + parts.sum(axis=1)
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(serving.q(seen))
    again = ContractServing.from_dict(serving.to_dict())
    for place in range(50):
        facts = from_row(seen.facts.row(place), AS_OF)
        started = int(seen.contracts.started_day[place])
        told = explained(facts, started, int(seen.refunds[place]), again)
        assert sum(part.contribution for part in told) == pytest.approx(parts[place].sum())
        assert {part.code for part in told} == set(THEMES)
        sizes = [abs(part.contribution) for part in told]
        assert sizes == sorted(sizes, reverse=True)
        assert all(render(language, *sentences(part)) for part in told for language in ("en", "tr", "az"))


def test_what_is_said_of_a_contract() -> None:
    seen, serving = served()
    bound = int(np.flatnonzero(seen.contracts.ends_day != NO_DAY)[0])
    endless = int(np.flatnonzero(seen.contracts.ends_day == NO_DAY)[0])
    for place, start in (
        (bound, "Time left until the contract ends: "),
        (endless, "The contract has no end."),
    ):
        facts = from_row(seen.facts.row(place), AS_OF)
        told = explained(facts, int(seen.contracts.started_day[place]), 0, serving)
        by_code = {part.code: part for part in told}
        assert render("en", *sentences(by_code["contract_end"])).startswith(start)
        age = AS_OF - int(seen.contracts.started_day[place])
        assert by_code["contract_age"].value == age
        told_age = render("tr", *sentences(by_code["contract_age"]))
        assert told_age.startswith(f"Sözleşmenin bugüne kadarki süresi: {age} gün.")


def test_themes_are_those_of_the_features_and_all_is_documented() -> None:
    assert {feature.theme for feature in FEATURES} == set(THEMES)
    assert not {theme.code for theme in OWN} & set(WITHOUT_CONTRACT)
    assert [code for code in (*THEMES, *features.THEME_OF) if f"`{code}`" not in FORMULAS] == []


def test_terms_that_were_not_known_in_time_are_refused() -> None:
    left = np.array([False, True])
    for known in ([5, NO_DAY], [5, 10], [11, 5]):
        with pytest.raises(ValueError, match="known before"):
            ContractWindow({"x": left}, left, 10, 20, np.array(known))
    ContractWindow({"x": left}, left, 10, 20, np.array([9, 0]))


def test_the_outcome_is_by_the_terms_known_at_the_end() -> None:
    def terms(ends: int, left: int = NO_DAY) -> Contracts:
        columns = [np.array([day]) for day in (0, ends, NO_DAY, left)]
        return Contracts(*columns, np.array([False]))  # type: ignore[call-arg]

    assert contract.outcome(terms(110), 100, 190).tolist() == [True]
    assert contract.outcome(terms(110), 100, 190, later=terms(475)).tolist() == [False]
    assert contract.outcome(terms(NO_DAY), 100, 190, later=terms(150, 151)).tolist() == [True]


def test_columns_of_one_length() -> None:
    seen, _ = company(1, 10)
    with pytest.raises(ValueError, match="one length"):
        ContractSnapshot(seen.facts, seen.contracts, np.zeros(9, dtype=np.int64))
