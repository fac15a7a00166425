"""Contests between churn models: held when a run needs one, kept, and used until they are too old."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert, select

from app.domain.churn.evaluation.model_selection import Forecast, choose, publish
from app.domain.churn.evaluation.season import UNSEEN, Season
from app.domain.churn.inputs.snapshots import Closed, Snapshot
from app.domain.churn.left_by_silence import SilenceVerdict, judge
from app.domain.churn.models import REGULAR, SEASON_LEARNED
from app.domain.churn.models.logistic import Logistic
from app.domain.churn.models.logistic_regression import Learned
from app.domain.churn.models.model import Why
from app.domain.scoring.run_spec import RunSpec
from app.services.scoring import contract_model_selection
from app.services.scoring.churn_reports import contest_row, season_row
from app.services.scoring.training_windows import Past
from app.store.tables import ChurnContest
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

SERVES_DAYS = 28
"""A contest chooses the model of the runs of so many days, its own included: season and customers change
slowly, and a window of the past takes as long to read as the present."""


_READ = select(
    ChurnContest.id,
    ChurnContest.as_of,
    ChurnContest.contest,
    ChurnContest.learned,
    ChurnContest.contract,
    ChurnContest.cross_section,
    ChurnContest.silence,
    ChurnContest.lifetime_value,
)


@dataclass(frozen=True, slots=True)
class SelectedModel:
    """The outcome of a contest.

    Args:
        id: of the stored contest.
        as_of: the day it was held for.
        contest: as it is stored and shown; and as ``season``, what the windows of earlier years say.
        learned: what the learned model that serves has learned; None unless one does.
        contract: the contest of contracts (`app.services.scoring.contract_model_selection.select_model`);
            None when nobody was under contract.
        cross_section: what snapshots of contracts taught
            (`app.services.scoring.cross_sections.select_model`); None when nobody was in one.
        silence: what the closed windows say of silence (`app.domain.churn.left_by_silence`).
        lifetime_value: how far lifetime values were off in closed windows
            (`app.services.scoring.lifetime.windows.measure`).
    """

    id: UUID
    as_of: date
    contest: Row
    learned: Row | None
    contract: Row | None
    cross_section: Row | None
    silence: Row
    lifetime_value: Row

    @property
    def is_regular(self) -> bool:
        """Whether the purchase model looks at how even intervals are."""
        return bool(self.contest.get("purchase_model") == REGULAR)

    @property
    def silence_verdict(self) -> SilenceVerdict:
        """From which silence on customers have left."""
        return SilenceVerdict.from_dict(self.silence)

    @property
    def knows_season(self) -> bool:
        """Whether earlier years were asked."""
        return "season" in self.contest

    @property
    def season(self) -> Season:
        """What the season makes of it, as far as runs need it."""
        if not self.knows_season:
            return UNSEEN
        row = self.contest["season"]
        why = None if row["withheld"] is None else Why(row["withheld"])
        learned = self._learned() if row["served"] == SEASON_LEARNED else None
        return Season(
            row["found"], served=row["served"], constant=row["shift"], withheld=why, learned=learned
        )

    def publish(self, now: Snapshot, horizon_days: int) -> Forecast:
        """What is said about these customers.

        ``now`` holds them as the purchase model that was chosen sees them: `is_regular`.
        """
        return publish(now, horizon_days, Why(self.contest["reason"]), self._learned(), self.season)

    def _learned(self) -> Logistic | None:
        if self.learned is None:
            return None
        return Logistic(Learned.from_dict(self.learned["weights"]), self.learned["days"])


def find(tx: ReadTx, spec: RunSpec) -> SelectedModel | None:
    """The newest contest that may choose the model of the run."""
    row = tx.execute(
        _READ.where(
            ChurnContest.facts_key == spec.facts_key,
            ChurnContest.as_of <= spec.as_of,
            ChurnContest.as_of > spec.as_of - timedelta(days=SERVES_DAYS),
        )
        .order_by(ChurnContest.as_of.desc(), ChurnContest.created_at.desc())
        .limit(1)
    ).first()
    return None if row is None else SelectedModel(*row)


def get(tx: ReadTx, contest_id: UUID) -> SelectedModel:
    """The contest with this id."""
    return SelectedModel(*tx.execute(_READ.where(ChurnContest.id == contest_id)).one())


def select_model(
    closed: Closed,
    as_of: date,
    horizon_days: int,
    contracts: Past | None,
    cross_section: Row | None,
    lifetime_value: Row,
) -> SelectedModel:
    """Hold a contest, and one of contracts. Pure, apart from its new id.

    Args:
        closed: the windows that had closed by ``as_of``.
        as_of: the day of the run.
        horizon_days: how far ahead it looks.
        contracts: the windows of customers under contract; None when there are none.
        cross_section: what snapshots of contracts taught, kept with it.
        lifetime_value: what was measured of lifetime values, kept with it.
    """
    found = choose(closed)
    trained = found.season.learned or found.learned
    learned = (
        None if trained is None else {"weights": trained.learned.to_dict(), "days": trained.learned_days}
    )
    row = {**contest_row(found.contest), "season": season_row(found.season)}
    silence = judge(horizon_days, closed.last, closed.same_season, closed.earlier).to_dict()
    by_contract = contract_model_selection.select_model(contracts)
    kept = (by_contract, cross_section, silence, lifetime_value)
    return SelectedModel(new_id(), as_of, row, learned, *kept)


def renewed(chosen: SelectedModel, cross_section: Row | None) -> SelectedModel:
    """The same contest beside what other snapshots of contracts taught. Pure, apart from its new id."""
    return replace(chosen, id=new_id(), cross_section=cross_section)


def save(tx: WriteTx, chosen: SelectedModel, facts_key: str) -> None:
    """Store a contest that was held just now; one that is stored already stays as it is."""
    known = select(ChurnContest.id).where(ChurnContest.id == chosen.id)
    if tx.execute(known).first() is None:
        row: Row = {"facts_key": facts_key, "contest": chosen.contest, "learned": chosen.learned}
        row |= {"contract": chosen.contract, "cross_section": chosen.cross_section}
        row["silence"] = chosen.silence
        row["lifetime_value"] = chosen.lifetime_value
        row |= {"id": chosen.id, "as_of": chosen.as_of, "created_at": now()}
        tx.execute(insert(ChurnContest).values(row))
