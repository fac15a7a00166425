import numpy as np
import pytest

from app.domain.churn.contractual.state import Contracts
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractWindow
from app.domain.churn.models.model import Why


def window(seed: int, opened: int, n: int = 1500, strength: float = 2.0) -> ContractWindow:
    random = np.random.default_rng(seed)
    plan = random.choice(["monthly", "yearly"], n)
    age = random.exponential(20, n)
    odds = -1.5 + strength * (plan == "monthly") - strength * age / 40
    left = random.random(n) < 1 / (1 + np.exp(-odds))
    return ContractWindow({"plan": plan, "age": age}, left, opened, opened + 90)


def test_the_learned_model_replaces_the_share_when_it_wins() -> None:
    found = contract.contest(window(1, 0), window(2, 90), draws=20)
    assert (found.serves, found.reason) == (contract.CODE, Why.WON)
    base, learned = found.entries
    assert base.metrics.auc == 0.5
    assert learned.metrics.auc > 0.7
    assert learned.metrics.brier < base.metrics.brier


def test_where_nothing_foretells_the_share_stays() -> None:
    results = [contract.contest(window(seed, 0, strength=0), window(seed + 50, 90, strength=0), draws=0)
               for seed in range(6)]  # fmt: skip
    assert [found.serves for found in results].count(contract.BASE) >= 4


def test_too_little_is_said() -> None:
    assert contract.contest(None, window(1, 0)).reason is Why.NO_CLOSED_WINDOW
    assert contract.contest(window(1, 0, n=30), window(2, 90)).reason is Why.TOO_FEW_OUTCOMES
    with pytest.raises(ValueError, match="closed"):
        contract.contest(window(1, 10), window(2, 90))


def columns(*days: int) -> list[np.ndarray]:
    return [np.array([day]) for day in days]


def test_outcomes_of_contracts() -> None:
    stays = Contracts(*columns(0, NO_DAY, NO_DAY, NO_DAY), np.array([False]))
    leaves = Contracts(*columns(0, NO_DAY, NO_DAY, 150), np.array([False]))
    sent_away = Contracts(*columns(0, NO_DAY, NO_DAY, 150), np.array([True]))
    assert [contract.outcome(one, 100, 190).tolist() for one in (stays, leaves, sent_away)] == [
        [False],
        [True],
        [False],
    ]
    with pytest.raises(ValueError, match="active"):
        contract.outcome(leaves, 160, 190)


def test_what_a_contract_says() -> None:
    open_ended = Contracts(*columns(10, NO_DAY, NO_DAY, NO_DAY), np.array([False]))
    found = contract.contract_attributes(open_ended, 10)
    assert {name: column.tolist() for name, column in found.items()} == {
        "contract_age": [0.0],
        "contract_left": [0.0],
        "contract_open_ended": [1.0],
    }


def test_what_is_missing_is_taken_at_the_median() -> None:
    found = {"value": np.array([0.0, np.log1p(100)]), "satisfaction": np.array([40.0, np.nan])}
    left = np.random.default_rng(1).random(2000) < 0.3
    wide = {name: np.tile(column, 1000) for name, column in found.items()}
    model = contract.train(wide, left)
    assert not isinstance(model, Why)
    assert np.isfinite(model.q(wide)).all()
