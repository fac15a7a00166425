"""From probabilities, contracts and facts to the flag and its reasons."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from app.domain.churn import SIGNALS, RiskLevels, levels
from app.domain.churn.contractual.state import State, state
from app.domain.churn.evaluation import metrics
from app.domain.churn.explanations.reason_groups import THEMES
from app.domain.churn.inputs.features import NAMES
from app.domain.churn.models import REGISTRY
from app.domain.churn.models.model import Why
from app.domain.satisfaction import INDICES

FORMULAS = (Path(__file__).parents[3] / "docs/formulas.md").read_text(encoding="utf-8")

Y = [1, 0, 1, 0, 0, 1, 0, 0, 1, 0]
P = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1]


def test_worked_metrics() -> None:
    found = metrics.measure(Y, P, draws=0)
    assert (found.auc, found.lift10) == (0.625, 2.5)
    assert found.brier == pytest.approx(0.25725)
    assert found.mean_p == pytest.approx(0.465)


def test_bootstrap_intervals_hold_the_figure_and_repeat() -> None:
    random = np.random.default_rng(4)
    p = random.random(400)
    y = random.random(400) < p
    found = metrics.measure(y, p, draws=200, seed=1)
    assert found.auc is not None
    assert found.auc_interval is not None
    assert found.auc_interval.low < found.auc < found.auc_interval.high
    assert found == metrics.measure(y, p, draws=200, seed=1)


def test_levels() -> None:
    q = [0.0, 0.49, 0.5, 0.79, 0.8, 1.0, 0.1, np.nan]
    found = levels.assign(q, [False] * 6 + [True, False])
    names = [levels.LEVELS[number] if number >= 0 else None for number in found.tolist()]
    assert names == ["healthy", "healthy", "watch", "watch", "at_risk", "at_risk", "left", None]


@pytest.mark.parametrize(("watch", "at_risk"), [(0.0, 0.8), (0.8, 0.8), (0.9, 0.8), (0.5, 1.1)])
def test_levels_must_rise(watch: float, at_risk: float) -> None:
    with pytest.raises(ValueError, match="rise"):
        RiskLevels(watch, at_risk)


AS_OF = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("days", "ended_by_us", "expected"),
    [
        ((None, None, None, None), False, State.NONE),
        ((date(2026, 6, 1), None, None, None), False, State.NOT_STARTED),
        ((date(2025, 1, 1), None, None, None), False, State.ACTIVE),
        ((date(2025, 1, 1), date(2026, 5, 2), None, None), False, State.ACTIVE),
        ((date(2025, 1, 1), date(2026, 5, 1), None, None), False, State.LAPSED),
        ((date(2025, 1, 1), date(2026, 12, 31), date(2026, 5, 31), None), False, State.NOTICE_GIVEN),
        ((date(2025, 1, 1), date(2026, 12, 31), date(2026, 6, 1), None), False, State.ACTIVE),
        ((date(2025, 1, 1), None, None, date(2026, 5, 1)), False, State.LEFT),
        ((date(2025, 1, 1), None, None, date(2026, 5, 1)), True, State.ENDED_BY_US),
    ],
    ids=["none", "future", "open", "grace", "lapsed", "notice", "notice_not_yet_known", "left", "by_us"],
)
def test_where_a_contract_stands(
    days: tuple[date | None, date | None, date | None, date | None], ended_by_us: bool, expected: State
) -> None:
    assert state(*days, ended_by_us, AS_OF) is expected


def test_signs_models_and_indices_are_documented() -> None:
    assert [code for code in NAMES if f"| `{code}` |" not in FORMULAS] == []
    assert [code for code in (*SIGNALS, *REGISTRY) if f"- **`{code}`**" not in FORMULAS] == []
    assert [code for code in THEMES if f"`{code}`" not in FORMULAS] == []
    assert [why for why in Why if f"`{why.value}`" not in FORMULAS] == []
    headings = {
        line.lstrip("# ").lower().replace(" ", "-") for line in FORMULAS.split("\n") if line[:1] == "#"
    }
    assert {index.documentation.partition("#")[2] for index in INDICES.values()} <= headings
