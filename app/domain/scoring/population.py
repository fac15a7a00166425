"""The customers of a day, split by the model that scores them: by their contract, or by their purchases."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.contractual import state as contract
from app.domain.churn.contractual.features import ContractSnapshot
from app.domain.churn.contractual.state import Contracts, State, Turnover
from app.domain.churn.inputs.customer_facts import COLUMNS, Facts
from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.common.arrays import BoolArray, Rows
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.run_spec import RunSpec

CONTRACT_DAYS = ("contract_started_day", "contract_ends_day", "contract_notice_day", "left_day")


@dataclass(frozen=True, eq=False)
class Population:
    """The customers of a day, each property computed when it is first asked for.

    Args:
        spec: the day and its parameters.
        facts: columns of `app.services.scoring.run_facts` for the day.
    """

    spec: RunSpec
    facts: dict[str, NDArray[Any]]

    @cached_property
    def states(self) -> contract.StateArray:
        """Where their contracts stand, shape (n,), as are the masks."""
        return contract.states(contracts_of(self.facts), self.spec.as_of_day, self.spec.parameters.grace_days)

    @cached_property
    def in_snapshot(self) -> BoolArray:
        """Those of whose contract nothing is known but a snapshot: no day, and no departure. Who has bought
        since a snapshot that says that they had left has returned."""
        seen = (self.facts["snapshot_day"] != NO_DAY) & (self.facts["contract_started_day"] == NO_DAY)
        returned = self.facts["snapshot_left"] & (self.facts["last_day"] >= self.facts["snapshot_day"])
        return np.asarray(seen & (self.states == State.NONE) & ~returned)

    @cached_property
    def left_in_snapshot(self) -> BoolArray:
        """Those of them who had left."""
        return np.asarray(self.in_snapshot & self.facts["snapshot_left"])

    @cached_property
    def under_contract(self) -> BoolArray:
        """Those scored by their contract."""
        begun = (self.states >= State.ACTIVE) & (self.facts["contract_started_day"] != NO_DAY)
        return np.asarray(begun)

    @cached_property
    def buyers(self) -> BoolArray:
        """Those scored by the purchase model."""
        bought = (self.facts["purchase_days"] > 0) & (self.states != State.ENDED_BY_US)
        return np.asarray(bought & ~self.under_contract & ~self.in_snapshot)

    @cached_property
    def snapshot(self) -> Snapshot:
        """How the buyers stood."""
        rows = slice(None) if self.buyers.all() else np.flatnonzero(self.buyers)
        return Snapshot(
            self.signal_facts().take(rows), self.facts["value_minor"][rows], self.facts["refunds"][rows]
        )

    @cached_property
    def turnover(self) -> Turnover:
        """What became of contracts in the last horizon."""
        return self.turnover_of(contracts_of(self.facts))

    def turnover_of(self, contracts: Contracts) -> Turnover:
        """What became of some of the contracts in the last horizon."""
        day, parameters = self.spec.as_of_day, self.spec.parameters
        return contract.turnover(contracts, day - parameters.horizon_days, day, parameters.grace_days)

    def contract_snapshot(
        self, rows: NDArray[np.int64], named: Mapping[str, NDArray[Any]] | None = None
    ) -> ContractSnapshot:
        """How some customers under contract stood, beside columns of their recorded attributes."""
        known, refunds = self.signal_facts().take(rows), self.facts["refunds"][rows]
        return ContractSnapshot(known, contracts_of(self.facts, rows), refunds, named or {})

    def signal_facts(self) -> Facts:
        """The facts that warning signs and models look at, of all customers."""
        known = {name: self.facts[name] for name in COLUMNS}
        return Facts(self.spec.as_of_day, **known, sales_end_day=self.spec.sales_end_day)


def contracts_of(facts: Mapping[str, NDArray[Any]], rows: Rows = slice(None)) -> Contracts:
    """The contracts in columns of facts, or some rows of them."""
    started, ends, notice, left = (facts[name][rows] for name in CONTRACT_DAYS)
    return Contracts(started, ends, notice, left, facts["left_by_us"][rows])
