"""The backtest of customers under contract: on a past day, what would have been published, against who left.

All is as on that day: terms that were known then, the contest of that day, and models that learned from
windows which had closed by then. The share that left, which serves without a learned model, stands beside it.

Source: docs/formulas.md#backtest.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.domain.churn.evaluation.backtest_report import DEFAULT_OPTIONS, Figures, Options, figures
from app.domain.churn.evaluation.model_selection import Contest
from app.domain.churn.models import contract
from app.domain.churn.models.contract import BASE, CODE, CONTRACT_MODELS, ContractModel, ContractWindow
from app.domain.churn.models.model import Why


@dataclass(frozen=True, slots=True)
class ContractEvaluation:
    """The result of a backtest of customers under contract.

    Args:
        n: customers measured: whose contract was active, by terms known in time.
        published: code of the model whose probability would have been published; None where nobody could be
            measured, or nothing was known of who leaves.
        reason: why that one.
        contest: of that day.
        models: all that could be made ready; the share first.
        missing: why others could not, by code.
    """

    n: int
    published: str | None
    reason: Why
    contest: Contest
    models: tuple[Figures, ...]
    missing: dict[str, Why]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What a run of the day had to go by.

    Args:
        earlier: the window before ``last``.
        last: the window that had closed by the day.
        share: the share of contracts that left in the days of ``last``; None when none was active.
        terms_known: whether the terms of enough contracts were known when both windows opened.
    """

    earlier: ContractWindow | None
    last: ContractWindow | None
    share: float | None
    terms_known: bool = True


def evaluate(
    outcome: ContractWindow | None, known: Known, *, options: Options = DEFAULT_OPTIONS
) -> ContractEvaluation:
    """Backtest a past day.

    Args:
        outcome: customers under contract on that day, and who of them left in the horizon after it; None when
            of too many it was not known what their contracts said.
        known: what was known on that day.
        options: how to measure.

    Raises:
        ValueError: a window had not closed by that day.
    """
    if outcome is None:
        nothing = Contest(BASE, Why.TERMS_UNKNOWN)
        missing = dict.fromkeys(CONTRACT_MODELS, Why.TERMS_UNKNOWN)
        return ContractEvaluation(0, None, Why.TERMS_UNKNOWN, nothing, (), missing)
    if known.last is not None and known.last.closes_day > outcome.opened_day:
        raise ValueError("a window must have closed by the day it is used for")
    found, trained = _contest(known, options), _trained(known)
    serves, reason = BASE, found.reason
    if found.serves == CODE:
        serves, reason = (BASE, trained) if isinstance(trained, Why) else (CODE, found.reason)
    missing = {}
    models = tuple(_models(outcome, known.share, trained, serves, options, missing))
    return ContractEvaluation(
        n=outcome.left.size,
        published=serves if outcome.left.size and serves not in missing else None,
        reason=reason,
        contest=found,
        models=models,
        missing=missing,
    )


def _contest(known: Known, o: Options) -> Contest:
    if not known.terms_known:
        return Contest(BASE, Why.TERMS_UNKNOWN)
    return contract.contest(known.earlier, known.last, draws=o.draws, seed=o.seed)


def _trained(known: Known) -> ContractModel | Why:
    """The learned model as it would have served: it learns from the last window."""
    if not known.terms_known:
        return Why.TERMS_UNKNOWN
    if known.last is None or not known.last.left.size:
        return Why.NO_CLOSED_WINDOW
    return contract.train(known.last.attributes, known.last.left)


def _models(
    outcome: ContractWindow,
    share: float | None,
    trained: ContractModel | Why,
    serves: str,
    o: Options,
    missing: dict[str, Why],
) -> Iterator[Figures]:
    if share is None:
        missing[BASE] = Why.NO_CLOSED_WINDOW
    else:
        yield figures(BASE, outcome.left, np.full(outcome.left.size, share), True, o)
    if CODE not in {*o.models, serves}:
        return
    if isinstance(trained, Why):
        missing[CODE] = trained
    else:
        yield figures(CODE, outcome.left, trained.q(outcome.attributes), True, o)
