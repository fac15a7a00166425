"""Churn in a scoring run: who may be leaving, how sure that is, and whether such forecasts came true."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain import churn
from app.domain.churn import NoFit, levels, notes
from app.domain.churn.contractual import cross_section
from app.domain.churn.contractual import state as contract
from app.domain.churn.contractual.state import State
from app.domain.churn.distributions import mbg_cnbd_k, mbg_nbd
from app.domain.churn.evaluation.last_window import Backtest, from_histories
from app.domain.churn.evaluation.metrics import is_too_few
from app.domain.churn.evaluation.model_selection import Forecast
from app.domain.churn.left_by_silence import SilenceVerdict
from app.domain.churn.models import BASELINE, LEARNED
from app.domain.churn.models import contract as contract_model
from app.domain.common import money
from app.domain.customers.customers import ChurnLevel
from app.domain.scoring import silence as silent
from app.domain.scoring.population import Population
from app.domain.scoring.score_columns import NO_TIER, NONE, SOURCES
from app.domain.value.value_tiers import STATES, TIER_NAMES
from app.services.scoring import contract_model_selection, cross_sections
from app.services.scoring.churn_reports import calibration_row, fit_row, metrics_row, regular_row, test_row
from app.services.scoring.contract_model_selection import Served
from app.services.scoring.model_selection import SelectedModel
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import raw_ids
from app.store.transactions import Row

Mask = NDArray[np.bool_]

VERSION = 5
"""Raised when the same facts give another flag."""

_CONTRACT, _SILENCE, _EVENT, _CONTRACT_LEARNED, _CROSS_SECTION = (
    SOURCES.index(code)
    for code in (contract_model.BASE, "silence", "event", contract_model.CODE, cross_section.CODE)
)

MAX_FITTED = 200_000
"""Customers the purchase model of a run's backtest is fitted to at most, evenly chosen: more do not move the
third decimal of a figure."""

TOP = 50
"""Customers that a report lists."""

MAX_MEASURED = 25_000
"""Customers a backtest is measured on at most: enough for the third decimal, and quick to resample."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """Columns aligned with the facts, the report, and what is usual among all customers.

    ``churn_level`` is a position in `levels.LEVELS`, ``churn_model`` in `SOURCES`, ``churn_reason`` in
    `notes.REASONS`, ``churn_percent`` whole percent and ``value_at_risk_minor`` minor units; `NONE` for
    nothing.
    """

    columns: Columns
    report: Row
    baselines: Row
    serving: Row | None
    """The learned model as it was made ready for the run's customers; None when another served."""
    contract_serving: Row | None
    """The same of customers under contract."""
    cross_section: Row | None
    """The same of customers of whose contract only a snapshot is known."""


def compute(
    population: Population,
    tiers: Columns,
    chosen: SelectedModel,
    by_terms: Served | None,
    by_snapshot: cross_sections.Served | None,
    test: Callable[[], Backtest],
) -> Result:
    """Give every customer a level.

    Args:
        population: the customers on the day of the run.
        tiers: aligned, ``tier`` ("" for none).
        chosen: which model serves.
        by_terms: the probabilities of contracts, where the learned model of them serves.
        by_snapshot: those of customers in a snapshot.
        test: waits for the `backtest`, which the report holds.
    """
    horizon_days = population.spec.parameters.horizon_days
    q = np.full(population.buyers.size, np.nan)
    snapshot = population.snapshot.as_regular(chosen.is_regular)
    forecast = chosen.publish(snapshot, horizon_days)
    regular = regular_row(snapshot.purchase_model)
    q[population.buyers] = forecast.q
    left = population.turnover.churn_rate
    q[population.under_contract] = contract.probabilities(population.states, left)[population.under_contract]
    if by_terms is not None:
        q[by_terms.rows] = by_terms.q
    if by_snapshot is not None:
        q[by_snapshot.rows] = by_snapshot.q
    silence = _silence(population, chosen.silence_verdict)
    columns = _columns(population, q, silence, tiers, forecast)
    if by_terms is not None:
        columns["churn_model"][by_terms.rows] = _CONTRACT_LEARNED
    usual = churn.baselines(population.signal_facts())
    under = {"states": _counts(population.states[population.under_contract]), "churn_rate": left}
    under["serving"] = contract_model_selection.serving_row(
        chosen.contract, chosen.as_of, by_terms is not None, bool(population.under_contract.any())
    )
    models = {
        mbg_nbd.CODE: fit_row(snapshot.fitted),
        mbg_cnbd_k.CODE: regular,
        "contract": {**asdict(population.turnover), **under},
        "cross_section": cross_sections.report_row(chosen.cross_section, population),
    }
    season = _season_rows(chosen, forecast, regular)
    report = _report(population, columns, tiers, test(), models, season)
    report |= silent.rows(population.spec, silence, columns, q)
    report["ranked"] = _ranked(population, columns, tiers, forecast)
    report["limits"] += _closed_limits(population, chosen, forecast, silence)
    if models["cross_section"] is not None:
        report["limits"].append(notes.CROSS_SECTION)
    learned = None if forecast.serving is None else forecast.serving.to_dict()
    by_contract = None if by_terms is None else by_terms.serving.to_dict()
    section = None if by_snapshot is None else by_snapshot.serving
    by_section = None if section is None else section.to_dict()
    return Result(columns, report, usual.to_dict(), learned, by_contract, by_section)


# --- levels


def _histories(
    facts: Columns, rows: NDArray[np.intp], names: tuple[str, str, str], as_of_day: int
) -> churn.Histories:
    """Histories of some customers from the columns of their first day, last day and number of days."""
    first, last, count = (facts[name][rows] for name in names)
    return churn.from_days(first, last, count, as_of_day)


def _silence(population: Population, verdict: SilenceVerdict) -> silent.Silence:
    """Who is dormant and who has left by silence; nobody has by an event, or where sales have stopped."""
    histories, snapshot = population.snapshot.histories, population.snapshot
    ratio = np.zeros(population.buyers.size)
    ratio[population.buyers] = levels.silence_ratio(
        histories.x, histories.t_x_days, histories.silence_days, snapshot.rhythm
    )
    ratio[_left_by_event(population)] = 0
    limit = None if population.spec.feed.has_stopped else verdict.limit
    left = ratio > (np.inf if limit is None else limit)
    return silent.Silence(verdict, limit, (ratio > 1) & ~left, left)


def _left_by_event(population: Population) -> Mask:
    found = population.states
    gone: Mask = (found == State.LEFT) | (found == State.LAPSED) | population.left_in_snapshot
    return gone


def _columns(
    population: Population,
    q: NDArray[np.float64],
    silence: silent.Silence,
    tiers: Columns,
    forecast: Forecast,
) -> Columns:
    """The level follows from the probability in whole percent: that is what is shown with it."""
    facts, has_left = population.facts, _left_by_event(population)
    q = np.where(has_left | (population.states == State.ENDED_BY_US), np.nan, q)
    percent = np.where(np.isnan(q), NONE, np.round(100 * q)).astype(np.int16)
    known = np.where(percent == NONE, np.nan, percent / 100)
    found = levels.assign(known, has_left | silence.left, population.spec.parameters.levels)
    source = np.full(q.size, NONE, dtype=np.int8)
    if forecast.code != BASELINE:
        source[found >= 0] = SOURCES.index(forecast.code)
    source[(found >= 0) & population.under_contract] = _CONTRACT
    source[(found >= 0) & population.in_snapshot] = _CROSS_SECTION
    source[silence.left] = _SILENCE
    source[has_left & (facts["left_day"] != churn.NO_DAY)] = _EVENT
    is_open = (found >= 0) & ~has_left & ~silence.left & ~population.in_snapshot  # they have no horizon
    at_risk = np.full(q.size, NONE, dtype=np.int64)
    rows = np.flatnonzero(is_open & (percent >= 0) & (tiers["tier"] != NO_TIER))
    value, share = np.maximum(facts["value_minor"][rows], 0), percent[rows].astype(np.int64)
    at_risk[rows] = _share_of(value, share)
    return {
        "churn_level": found,
        "churn_percent": percent,
        "churn_model": source,
        "dormant": silence.dormant,
        "churn_reason": _reasons(population, has_left, percent == NONE, forecast),
        "value_at_risk_minor": at_risk,
    }


def _share_of(value: NDArray[np.int64], percent: NDArray[np.int64]) -> NDArray[np.int64]:
    """So many percent of amounts, rounded half up, within 64 bits."""
    return value // 100 * percent + (value % 100 * percent + 50) // 100


def _reasons(
    population: Population, has_left: Mask, is_unknown: Mask, forecast: Forecast
) -> NDArray[np.int8]:
    """Why there is no probability, positions in `notes.REASONS`; `NONE` where there is one or nothing to
    foretell it from."""
    found = np.full(is_unknown.size, NONE, dtype=np.int8)
    fitted = population.snapshot.fitted
    if isinstance(fitted, NoFit):
        found[population.buyers] = notes.REASONS.index(notes.Reason(fitted.reason))
    if forecast.withheld is not None:
        found[population.buyers] = notes.REASONS.index(notes.Reason(forecast.withheld.value))
    found[population.under_contract] = notes.REASONS.index(notes.Reason.NO_TURNOVER)
    found[has_left] = notes.REASONS.index(notes.Reason.LEFT_BY_EVENT)
    found[population.states == State.ENDED_BY_US] = notes.REASONS.index(notes.Reason.ENDED_BY_US)
    found[~is_unknown] = NONE
    return found


# --- the report


def backtest(population: Population, is_regular: bool = False) -> Backtest:
    """What the purchase model would have said one horizon ago, against what happened since.

    ``is_regular`` says whether it looks at how even intervals are.
    """
    facts, horizon_days = population.facts, population.spec.parameters.horizon_days
    cut_day = population.spec.sales_end_day - horizon_days - 1
    known = np.flatnonzero(population.buyers & (facts["cut_purchase_days"] > 0))
    some = known[:: max(1, -(-known.size // MAX_FITTED))]
    names = ("first_day", "cut_last_day", "cut_purchase_days")
    return from_histories(
        _histories(facts, some, names, cut_day + 1),
        facts["last_day"][some] <= cut_day,
        cut_day,
        horizon_days,
        n=known.size,
        excluded_new=int(np.count_nonzero(population.buyers)) - known.size,
        max_customers=MAX_MEASURED,
        is_regular=is_regular,
    )


def _report(
    population: Population, columns: Columns, tiers: Columns, test: Backtest, models: Row, season: Row
) -> Row:
    measured, currency = _measured(season, test), population.spec.parameters.currency
    given, at_risk = columns["churn_level"], columns["value_at_risk_minor"]
    in_tier = [tiers["tier"] == tier for tier in (*TIER_NAMES, "")]
    rows = []
    for place, level in enumerate(levels.LEVELS):
        mine = given == place
        rows.append(
            {
                "level": level.value,
                "customers": int(np.count_nonzero(mine)),
                "by_tier": {
                    name: int(np.count_nonzero(mine & of_tier))
                    for name, of_tier in zip(STATES, in_tier, strict=True)
                },
                "value_at_risk": None
                if level is not ChurnLevel.LEFT and mine.any() and not (at_risk[mine] != NONE).any()
                else money.to_wire(_total(at_risk[mine]), currency),
            }
        )
    known = (at_risk != NONE).any() or _publishes(season)
    return {
        "method": "churn",
        "version": VERSION,
        "n": int(np.count_nonzero(given >= 0)),
        "ended_by_us": int(np.count_nonzero(population.states == State.ENDED_BY_US)),
        "levels": rows,
        "value_at_risk": money.to_wire(_total(at_risk), currency) if known else None,
        "models": models,
        **season,
        "limits": _limits(models[mbg_nbd.CODE], test, measured),
        **measured,
        "backtest": test_row(test),
    }


def _publishes(season: Row) -> bool:
    """Whether somebody without a contract could have a value at risk, so that nobody's is 0."""
    return season["serving"]["model"] is not None and not season["ranked_only"]


def _total(amounts: NDArray[np.int64]) -> int:
    return int(amounts[amounts != NONE].sum())


def _season_rows(chosen: SelectedModel, forecast: Forecast, regular: Row | None) -> Row:
    """Which model published the probabilities, or only ranks, None when none could be fitted; the contest;
    and what the season made of it."""
    contest = {name: value for name, value in chosen.contest.items() if name != "season"}
    serving: Row = {"model": None if forecast.code == BASELINE else forecast.code}
    if serving["model"] is None:
        contest["serves"] = None
    serving |= {"k": regular["k"] if regular else None}
    serving |= {"chosen_for": chosen.as_of.isoformat(), "contest": contest}
    return {
        "serving": serving,
        "season": chosen.contest.get("season"),
        "ranked_only": forecast.withheld is not None,
    }


def _measured(rows: Row, test: Backtest) -> Row:
    """How right the published probabilities are: as the season found it, the contest, or the backtest did."""
    serving, season = rows["serving"], rows["season"] or {}
    if rows["ranked_only"] or (season.get("shift") is not None and season["measured"] is None):
        return calibration_row(None)
    if season.get("measured") is not None:
        return calibration_row(_metrics(season["candidates"], season["measured"]))
    if serving["model"] != LEARNED:
        return calibration_row(None if test.model is None else metrics_row(test.model))
    return calibration_row(_metrics(serving["contest"]["entries"], LEARNED))


def _metrics(entries: list[Row], code: str) -> Row:
    found: Row = {entry["code"]: entry["metrics"] for entry in entries}[code]
    return found


def _ranked(population: Population, columns: Columns, tiers: Columns, forecast: Forecast) -> list[str]:
    """Ids of the first `TOP` customers in the order of the value at risk that is withheld; empty where it is
    shown."""
    if forecast.withheld is None:
        return []
    facts, value = population.facts, np.zeros(population.buyers.size, dtype=np.int64)
    percent = np.round(100 * forecast.rank).astype(np.int64)
    value[population.buyers] = _share_of(np.maximum(facts["value_minor"][population.buyers], 0), percent)
    value[(columns["churn_level"] != NONE) | _left_by_event(population) | (tiers["tier"] == NO_TIER)] = 0
    first = np.lexsort((np.arange(value.size), -value))[:TOP]
    return [str(one) for one in raw_ids(facts["customer_id"][first[value[first] > 0]])]


def _closed_limits(
    population: Population, chosen: SelectedModel, forecast: Forecast, silence: silent.Silence
) -> list[str]:
    """Codes of what the closed windows and the end of sales limit."""
    found = []
    if forecast.withheld is not None:
        found.append(forecast.withheld.value)
    if chosen.season.found is None and forecast.code != BASELINE:
        found.append(notes.SEASON_UNKNOWN)
    if silence.is_unproved and population.buyers.any():
        found.append(notes.LEFT_UNPROVED)
    if population.spec.feed.has_stopped:
        found.append(notes.SALES_STOPPED)
    return found


def _limits(fit: Row, test: Backtest, measured: Row) -> list[str]:
    """Codes of what has to be borne in mind when the forecast is read."""
    limits = [fit["no_fit"]] if fit["no_fit"] else list(fit["warnings"])
    if test.model is None:
        return [*limits, "no_backtest"]
    if test.model.auc is not None and test.recency.auc is not None and test.model.auc < test.recency.auc:
        limits.append("recency_ranks_better")
    if measured["calibrated"] is False:
        limits.append("not_calibrated")
    if is_too_few(measured["ece_limit"]):
        limits.append("too_few_to_tell")
    return limits


def _counts(found: NDArray[np.int8]) -> Row:
    counts = np.bincount(found, minlength=len(State))
    return {state.name.lower(): int(counts[state]) for state in State if counts[state]}
