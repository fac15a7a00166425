"""Contests between the share of contracts that left and the learned model, and what serves in a run.

They are held and kept together with the contest of customers without a contract
(`app.services.scoring.model_selection`).
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import exists, select

from app.domain.churn.contractual.serving import ContractServing, serve
from app.domain.churn.contractual.state import State
from app.domain.churn.evaluation.model_selection import Contest
from app.domain.churn.inputs.attributes import NAMED
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractModel
from app.domain.churn.models.model import Why
from app.domain.scoring.population import Population
from app.services.scoring import recorded_attributes
from app.services.scoring.churn_reports import calibration_row, contest_row
from app.services.scoring.recorded_attributes import Recorded
from app.services.scoring.training_windows import Past
from app.store.tables import ChurnContest, ContractTerms
from app.store.transactions import ReadTx, Row


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """The learned model among the customers of a run: whom it serves, and the probability of each."""

    rows: NDArray[np.int64]
    q: NDArray[np.float64]
    serving: ContractServing


# --- held and kept


def select_model(past: Past | None) -> Row | None:
    """Hold a contest; None when nobody is under contract.

    Returns:
        ``contest`` as it is shown, and ``learned``, what the learned model has learned from the last window;
        None unless it serves.
    """
    if past is None:
        return None
    if not past.terms_known:
        return {"contest": contest_row(Contest(contract.BASE, Why.TERMS_UNKNOWN)), "learned": None}
    found = contract.contest(past.earlier, past.last)
    row, learned = contest_row(found), None
    if found.serves == contract.CODE and past.last is not None:
        trained = contract.train(past.last.attributes, past.last.left)
        if isinstance(trained, ContractModel):
            learned = trained.to_dict()
    if learned is None:
        row["serves"] = contract.BASE
    return {"contest": row, "learned": learned}


def is_outdated(tx: ReadTx, contest_id: UUID, stored: Row | None, opened: date) -> bool:
    """Whether a contest knew too few terms, and terms of the time before its windows, the first of which
    ``opened`` on this day, were recorded since."""
    if stored is None or stored["contest"]["reason"] != Why.TERMS_UNKNOWN:
        return False
    chosen_at = select(ChurnContest.created_at).where(ChurnContest.id == contest_id).scalar_subquery()
    later_terms = exists().where(ContractTerms.recorded_at >= chosen_at, ContractTerms.known_on < opened)
    return bool(tx.execute(select(later_terms)).scalar_one())


# --- in a run


def recorded(tx: ReadTx, population: Population) -> Recorded:
    """Read the attributes that were recorded of the active contracts of a run."""
    active = population.facts["customer_id"][population.states == State.ACTIVE]
    return recorded_attributes.read(tx, population, active)


def served(stored: Row | None, population: Population, recorded: Recorded) -> Served | None:
    """Score the active contracts of a run by the learned model; None unless it serves.

    Args:
        stored: what `select_model` gave.
        population: the customers of the run.
        recorded: the attributes of its active contracts.
    """
    if stored is None or stored["learned"] is None:
        return None
    model = ContractModel.from_dict(stored["learned"])
    rows = np.flatnonzero(population.states == State.ACTIVE)
    now = population.contract_snapshot(rows, recorded.columns(model.recorded_names))
    serving = serve(model, now)
    return Served(rows, serving.q(now), serving)


def serving_row(stored: Row | None, chosen_for: date, was_learned: bool, there_are_any: bool) -> Row | None:
    """Which model publishes the probabilities of contracts, and the contest that chose it; None when nobody
    is under contract."""
    if not there_are_any:
        return None
    shown = contest_row(Contest(contract.BASE, Why.NO_CLOSED_WINDOW)) if stored is None else stored["contest"]
    model, names = contract.BASE, []
    if was_learned and stored is not None:
        model, learned = contract.CODE, ContractModel.from_dict(stored["learned"])
        names = sorted(name.removeprefix(NAMED) for name in learned.recorded_names)
    return {
        "model": model,
        "k": None,
        "chosen_for": chosen_for.isoformat(),
        "contest": shown,
        "attributes": names,
    }


def calibration_of(serving: Row) -> Row:
    """Whether the learned model is calibrated, as its contest found it."""
    entries = {entry["code"]: entry["metrics"] for entry in serving["contest"]["entries"]}
    return calibration_row(entries[contract.CODE])
