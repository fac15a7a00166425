"""Snapshots of contracts in a run: what they teach, kept with the contest, and whom that serves."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.contractual import cross_section
from app.domain.churn.contractual.cross_section import CrossSection, Learned, SectionServing
from app.domain.churn.inputs.attributes import NAMED
from app.domain.churn.models.contract import ContractModel
from app.domain.common.days import day_of
from app.domain.scoring.population import Population
from app.services.scoring.churn_reports import metrics_row
from app.store.scoring import contract_statements, run_results
from app.store.scoring.contract_statements import Said
from app.store.transactions import ReadTx, Row


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """Customers of a run who have not left by their snapshot, and the probability of each.

    Args:
        rows: their places.
        q: aligned.
        serving: the model; None where the share that left serves.
    """

    rows: NDArray[np.intp]
    q: NDArray[np.float64]
    serving: SectionServing | None


def read(tx: ReadTx, population: Population) -> Said | None:
    """Read the snapshots that a run sees; None, and nothing is read, when nobody is in one."""
    if not population.in_snapshot.any():
        return None
    return contract_statements.read(tx, population.spec.as_of, is_snapshot=True)


def select_model(population: Population, said: Said | None) -> Row | None:
    """Learn from the customers who are in a snapshot; None when nobody is. Pure.

    Returns:
        ``fingerprint`` of what was learned from, ``shown``, how it was tested, and ``learned``, the model;
        None unless it serves.
    """
    if said is None:
        return None
    found = cross_section.learn(_section(population, said, np.flatnonzero(population.in_snapshot)))
    learned = None if found.model is None else found.model.to_dict()
    shown = _shown(found)
    return {"fingerprint": fingerprint(population), "shown": shown, "learned": learned}


def is_outdated(stored: Row | None, population: Population) -> bool:
    """Whether a run sees other snapshots than those that were learned from."""
    if stored is None:
        return bool(population.in_snapshot.any())
    return bool(stored["fingerprint"] != fingerprint(population))


def fingerprint(population: Population) -> str:
    """Digest of what snapshots say, the same for any ids of the customers."""
    digests = np.sort(population.facts["snapshot_digest"][population.in_snapshot])
    return blake2b(digests.astype("<i8").tobytes(), digest_size=16).hexdigest()


def served(stored: Row | None, population: Population, said: Said | None) -> Served | None:
    """Give the customers of a run who are in a snapshot, and have not left by it, their probability; None
    when there are none."""
    rows = np.flatnonzero(population.in_snapshot & ~population.left_in_snapshot)
    if stored is None or said is None or not rows.size:
        return None
    if stored["learned"] is None:
        share = stored["shown"]["share"]
        return Served(rows, np.full(rows.size, np.nan if share is None else share), None)
    now = _section(population, said, rows)
    serving, q = cross_section.serve(ContractModel.from_dict(stored["learned"]), now)
    return Served(rows, q, serving)


def report_row(stored: Row | None, population: Population) -> Row | None:
    """What is shown of snapshots; None when nobody is in one."""
    if stored is None or not population.in_snapshot.any():
        return None
    days = population.facts["snapshot_day"][population.in_snapshot]
    return {
        "snapshot_on": day_of(int(days.max())).isoformat(),
        "oldest_snapshot_on": day_of(int(days.min())).isoformat(),
        "customers": int(days.size),
        "left_in_snapshot": int(np.count_nonzero(population.left_in_snapshot)),
        **stored["shown"],
    }


# --- inside


def _section(population: Population, said: Said, rows: NDArray[np.intp]) -> CrossSection:
    facts = population.facts
    places, _ = run_results.matched(said.customer_id, facts["customer_id"][rows])
    return CrossSection(
        said.age_days[places],
        [said.documents[place] for place in places.tolist()],
        facts["snapshot_left"][rows],
        facts["snapshot_digest"][rows],
    )


def _shown(found: Learned) -> Row:
    names = () if found.model is None else found.model.attribute_names
    return {
        "method": cross_section.CODE,
        "serves": cross_section.CODE if found.model is not None else cross_section.SHARE,
        "reason": found.reason.value,
        "folds": cross_section.FOLDS,
        "n": found.n,
        "left": found.left,
        "share": found.share,
        "base": None if found.base is None else metrics_row(found.base),
        "metrics": None if found.learned is None else metrics_row(found.learned),
        "attributes": sorted(name.removeprefix(NAMED) for name in names if name.startswith(NAMED)),
    }
