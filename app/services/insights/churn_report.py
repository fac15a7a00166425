"""Churn of a run, and the flag of one customer."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.churn import LEVELS, notes
from app.domain.churn.contractual import cross_section
from app.domain.churn.distributions import mbg_cnbd_k, mbg_nbd
from app.domain.churn.models import LEARNED, SEASON_LEARNED, contract
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.common.days import day_number
from app.domain.common.messages import Message
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.score_columns import SOURCES
from app.errors import NotFoundError
from app.services.customers.scores import silence_of
from app.services.scoring import contract_model_selection
from app.services.scoring.churn import TOP
from app.services.scoring.churn_explanations import (
    contract_explanation_of,
    explanation_of,
    reasons_of,
    section_explanation_of,
    silence_days_of,
)
from app.services.scoring.churn_reports import calibration_row
from app.services.scoring.runs import find_finished
from app.store.engine import in_thread
from app.store.scoring import contract_statements, run_results
from app.store.tables import Customer, CustomerScore, ScoringRun
from app.store.transactions import ReadTx, Row
from app.store.visibility import visible_to
from app.texts import DEFAULT_LANGUAGE, render

_BEFORE_SEASONS = {"season": None, "ranked_only": False}
"""What reports of earlier versions do not hold."""
_RUN = select(
    ScoringRun.id,
    ScoringRun.as_of,
    ScoringRun.parameters,
    ScoringRun.is_current,
    ScoringRun.churn,
    ScoringRun.churn_baselines,
    ScoringRun.data_end,
    ScoringRun.return_shares,
)
_SERVING = (ScoringRun.churn_serving, ScoringRun.contract_serving, ScoringRun.cross_section)


def report(
    tx: ReadTx, _actor: Actor, run_id: UUID | None, as_of: date | None, language: str = DEFAULT_LANGUAGE
) -> Row:
    """Read the churn figures of a run: the named one, the newest for a day, or the current one.

    ``language`` is that of the sentences: en, tr or az.

    Raises:
        NotFoundError: no such run has finished.
    """
    run = find_finished(tx, _RUN, run_id, as_of)
    ranked = [UUID(one) for one in run.churn.get("ranked", [])]
    return {
        **_BEFORE_SEASONS,
        **{name: value for name, value in run.churn.items() if name != "ranked"},
        "models": _models(run.churn["models"]),
        "notes": in_words(_notes_of_run(run.churn, run.as_of), language),
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "parameters": run.parameters,
        "top": _top(tx, run.parameters["currency"], ranked) if run.is_current else [],
    }


@in_thread
def of_customer(tx: ReadTx, actor: Actor, customer_id: UUID, runs: int, language: str) -> Row:
    """Read the flag of one customer by the current run, and by the runs before it.

    Raises:
        NotFoundError: no such customer, or no run has finished.
    """
    statement = (
        select(
            CustomerScore.churn_level,
            CustomerScore.churn_percent,
            CustomerScore.churn_model,
            CustomerScore.dormant,
            CustomerScore.churn_reason,
            CustomerScore.value_at_risk_minor,
            CustomerScore.value_minor,
            CustomerScore.churn_facts,
        )
        .select_from(Customer)
        .join(CustomerScore, CustomerScore.customer_id == Customer.id, isouter=True)
        .where(Customer.id == customer_id)
    )
    row = tx.execute(visible_to(statement, actor)).first()
    if row is None:
        raise NotFoundError("There is no such customer.")
    run = find_finished(tx, _RUN.add_columns(*_SERVING), None, None)
    parameters = Parameters.from_dict(run.parameters)
    report, amount = run.churn, row.value_at_risk_minor
    reason = row.churn_reason or (None if row.churn_level else notes.Reason.NO_PURCHASE)
    silence = silence_of({**row._mapping, "return_shares": run.return_shares})
    known = _statement(tx, customer_id, row, run)
    said = _notes_of_customer(row, run, reason, silence, report)
    if row.churn_model == cross_section.CODE and known is not None:
        day, has_left = known["known_on"], known["has_left"]
        said.append((notes.CROSS_SECTION, notes.cross_section(day, parameters.horizon_days, has_left)))
    return {
        "customer_id": customer_id,
        "run_id": run.id,
        "as_of": run.as_of,
        "level": row.churn_level,
        "probability": None if row.churn_percent is None else row.churn_percent / 100,
        "reason": reason,
        **silence,
        "notes": in_words(said, language),
        "data_end": run.data_end,
        "horizon_days": parameters.horizon_days,
        "value_at_risk": None if amount is None else money.to_wire(amount, parameters.currency),
        "model": row.churn_model,
        "cross_section": _snapshot(row, known),
        "version": report["version"],
        **_measured(report, run, row.churn_model),
        "reasons": reasons_of(row.churn_facts, run.churn_baselines, run.as_of, run.data_end, language),
        "explanation": _explanation(tx, customer_id, row, run, known, language),
        "history": _history(tx, customer_id, runs),
    }


def _measured(report: Row, run: Any, model: str | None) -> Row:
    """How well the model of a customer foretells, and how many customers it was fitted to."""
    if model == cross_section.CODE and report["models"]["cross_section"] is not None:
        tested = report["models"]["cross_section"]
        serves = tested["metrics"] if tested["serves"] == cross_section.CODE else tested["base"]
        return {**calibration_row(serves), "n": tested["n"]}
    if model != contract.CODE or run.contract_serving is None:
        measured = {name: report[name] for name in ("calibrated", "ece", "ece_by_chance", "ece_limit")}
        fitted = model if model == mbg_cnbd_k.CODE else mbg_nbd.CODE
        return {**measured, "n": report["models"][fitted]["n"]}
    measured = contract_model_selection.calibration_of(report["models"]["contract"]["serving"])
    return {**measured, "n": run.contract_serving["model"]["learned"]["n"]}


def _models(stored: Row) -> Row:
    """The models of a run; those of runs before there were snapshots or recorded attributes had none."""
    under, serving = stored["contract"], stored["contract"]["serving"]
    served = None if serving is None else {"attributes": [], **serving}
    return {"cross_section": None, **stored, "contract": {**under, "serving": served}}


def _snapshot(row: Any, statement: Row | None) -> Row | None:
    """What the snapshot that a level comes from says of the customer."""
    if row.churn_model != cross_section.CODE or statement is None:
        return None
    shown = {"snapshot_on": statement["known_on"], "age": statement["age"], "unit": statement["age_unit"]}
    return {**shown, "left": statement["has_left"]}


def _statement(tx: ReadTx, customer_id: UUID, row: Any, run: Any) -> Row | None:
    """What the run saw that was said of the customer's contract; None where it has been changed since."""
    names = {cross_section.CODE: "snapshot_digest", contract.CODE: "attributes_digest"}
    name = names.get(row.churn_model)
    if name is None:
        return None
    stored = run_results.of_customer(tx, [run.id], customer_id, [name, "snapshot_day"]).get(run.id, {})
    digest = int(stored.get(name, 0))
    found = contract_statements.of_customer(tx, customer_id, run.as_of, digest) if digest else None
    if found is not None and row.churn_model == cross_section.CODE:
        is_same_day = day_number(found["known_on"]) == stored["snapshot_day"]
        return found if is_same_day else None
    return found


def _explanation(
    tx: ReadTx, customer_id: UUID, row: Any, run: Any, statement: Row | None, language: str
) -> Row | None:
    """What the probability is made of, when a learned model made it."""
    if row.churn_model in (LEARNED, SEASON_LEARNED):
        return explanation_of(
            row.churn_facts, row.value_minor, run.churn_serving, run.as_of, run.data_end, language
        )
    if row.churn_model == cross_section.CODE and row.churn_percent is not None:
        return section_explanation_of(statement, run.cross_section, language)
    if row.churn_model != contract.CODE:
        return None
    names = ("contract_started_day", "attributes_digest")
    stored = run_results.of_customer(tx, [run.id], customer_id, names).get(run.id)
    if stored is None or (stored.get("attributes_digest") and statement is None):
        return None
    started, document = (
        int(stored["contract_started_day"]),
        None if statement is None else statement["attributes"],
    )
    return contract_explanation_of(
        row.churn_facts, started, run.contract_serving, run.as_of, run.data_end, language, document
    )


def _notes_of_run(report: Row, as_of: date) -> list[tuple[str, Message]]:
    """Its limits; those without a sentence of their own say why no model was fitted in words of a reason."""
    said = [(code, notes.SENTENCES[code]) for code in report["limits"] if code in notes.SENTENCES]
    return [*said, *stopped(report, as_of)]


def _notes_of_customer(
    row: Any, run: Any, reason: str | None, silence: Row, report: Row
) -> list[tuple[str, Message]]:
    """Why something is null, what became of customers as silent, and whether sales still arrived."""
    said = [] if reason is None else [(str(reason), notes.SENTENCES[reason])]
    share = silence["return_share"]
    if share is not None and row.churn_facts is not None:
        days = silence_days_of(row.churn_facts, run.as_of, run.data_end)
        figures = (share["n"], share["returned"], share["window_days"])
        said.append(("dormant" if silence["dormant"] else "left", notes.silent(days, *figures)))
    return [*said, *stopped(report, run.as_of)]


def stopped(report: Row, as_of: date) -> list[tuple[str, Message]]:
    """Tell that sales have stopped: those of the company, or of some sources."""
    ends = [(one["newest_sale_on"], one["source"]) for one in report["stopped_sources"]]
    if report["data_end"] is not None:
        ends.append((report["data_end"], None))
    return [
        (notes.SALES_STOPPED, notes.sales_stopped(date.fromisoformat(day), as_of, source))
        for day, source in ends
    ]


def in_words(said: Iterable[tuple[str, Message]], language: str) -> list[Row]:
    """Put messages into a language, each with its code."""
    return [{"code": code, "sentence": render(language, message)} for code, message in said]


def _top(tx: ReadTx, currency: str, ranked: list[UUID]) -> list[Row]:
    """By value at risk; where that is withheld, those who were ranked first, in their order."""
    statement = (
        select(
            Customer.id,
            Customer.name,
            CustomerScore.churn_level,
            CustomerScore.churn_percent,
            CustomerScore.value_at_risk_minor,
        )
        .join_from(CustomerScore, Customer, Customer.id == CustomerScore.customer_id)
        .where(CustomerScore.customer_id.in_(ranked) if ranked else CustomerScore.value_at_risk_minor > 0)
        .order_by(CustomerScore.value_at_risk_minor.desc(), CustomerScore.customer_id)
        .limit(TOP)
    )
    rows = tx.execute(statement).all()
    place = {one: number for number, one in enumerate(ranked)}
    if ranked:
        rows = sorted(rows, key=lambda row: place[row.id])
    return [
        {
            "id": row.id,
            "name": row.name,
            "level": row.churn_level,
            "probability": None if row.churn_percent is None else row.churn_percent / 100,
            "value_at_risk": None
            if row.value_at_risk_minor is None
            else money.to_wire(row.value_at_risk_minor, currency),
        }
        for row in rows
    ]


def _history(tx: ReadTx, customer_id: UUID, limit: int) -> list[Row]:
    """The customer's flag in the newest runs by day; of several runs for a day the last one."""
    statement = (
        select(ScoringRun.id, ScoringRun.as_of)
        .where(ScoringRun.state == "done")
        .order_by(ScoringRun.as_of.desc(), ScoringRun.created_at.desc())
    )
    days: dict[date, UUID] = {}
    for run_id, as_of in tx.execute(statement):
        days.setdefault(as_of, run_id)
        if len(days) == limit:
            break
    names = ("churn_level", "churn_percent", "churn_model")
    found = run_results.of_customer(tx, list(days.values()), customer_id, names)
    past = []
    for as_of, run_id in days.items():
        if run_id not in found:
            continue
        level, percent, model = (int(found[run_id][name]) for name in names)
        past.append(
            {
                "run_id": run_id,
                "as_of": as_of,
                "level": None if level < 0 else LEVELS[level],
                "probability": None if percent < 0 else percent / 100,
                "model": None if model < 0 else SOURCES[model],
            }
        )
    return past
