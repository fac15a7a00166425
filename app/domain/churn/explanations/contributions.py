"""Why the learned model says what it says of one customer: contributions that add up, in words.

The contributions of a customer are in log-odds against the mean customer of the run; their sum is the
customer's log-odds less the mean log-odds. Above 0 speaks for leaving. A customer scored by the parametric
model has warning signs instead: `app.domain.churn.signals`.

Source: docs/formulas.md#reasons-that-add-up.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.churn.contractual.reason_groups import OWN
from app.domain.churn.explanations.reason_groups import THEMES, Customer
from app.domain.churn.inputs.customer_facts import COLUMNS, RECENT_DAYS, SCORES, CustomerFacts, Facts
from app.domain.churn.inputs.features import FEATURES
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.logistic import Serving
from app.domain.churn.signals.signal import Unit, spelled

MATTERS = 0.1
"""A contribution of at least so much log-odds, a tenth of the odds, is called one that raises or lowers."""

_ALL = {**THEMES, **{theme.code: theme for theme in OWN}}


@dataclass(frozen=True, slots=True)
class Contribution:
    """One theme and one customer.

    Args:
        code: of the theme.
        value: what the sentence says of the customer; None where there is nothing of the kind.
        baseline: what it is held against.
        contribution: log-odds against the mean customer; above 0 speaks for leaving.
    """

    code: str
    value: float | None
    baseline: float | None
    contribution: float


def contributions(
    facts: CustomerFacts, value_minor: int, refunds: int, serving: Serving
) -> list[Contribution]:
    """Explain one customer, the greatest contribution, either way, first; all themes, so that they add up.

    Args:
        facts: as `app.domain.churn.inputs.customer_facts.from_row` reads them back.
        value_minor: what the customer was worth in the run.
        refunds: its refunds by then.
        serving: the learned model of the run.
    """
    customer = Customer(facts, value_minor, refunds, serving.usual)
    one = Snapshot(alone(facts), np.array([value_minor]), np.array([refunds]))
    parts = serving.contributions(one)[0]
    sums = dict.fromkeys(THEMES, 0.0)
    for feature, part in zip(FEATURES, parts.tolist(), strict=True):
        sums[feature.theme] += part
    found = [Contribution(code, *THEMES[code].measure(customer), total) for code, total in sums.items()]
    return sorted(found, key=lambda one: -abs(one.contribution))


def alone(facts: CustomerFacts) -> Facts:
    """The facts of one customer as columns."""
    columns = {}
    for name in COLUMNS:
        value = getattr(facts, name)
        absent = np.nan if name in SCORES else NO_DAY
        columns[name] = np.array([absent if value is None else value])
    return Facts(as_of_day=facts.as_of_day, **columns)


_EFFECTS = {
    "en": (" This lowers the risk.", " This hardly matters.", " This raises the risk."),
    "tr": (" Bu, riski düşürüyor.", " Bunun etkisi az.", " Bu, riski artırıyor."),
    "az": (" Bu, riski azaldır.", " Bunun təsiri azdır.", " Bu, riski artırır."),
}


def sentence(reason: Contribution, language: str) -> str:
    """Say a contribution in English, Turkish or Azerbaijani; English for any other language.

    >>> sentence(Contribution("open_complaints", 2, 0, 0.4), "en")
    'Open complaints: 2. This raises the risk.'
    >>> sentence(Contribution("purchase_pattern", 61, 3, -0.2), "tr")
    'Son alışveriş 61 gün önce; bugüne kadarki alışveriş günü: 3. Bu, riski düşürüyor.'
    """
    language = language if language in _EFFECTS else "en"
    theme = _ALL[reason.code]
    text = theme.unknown[language].format(recent_days=RECENT_DAYS)
    if reason.value is not None and reason.baseline is not None:
        # Days of silence are held against a number of purchases.
        other = Unit.COUNT if theme.code == "purchase_pattern" else theme.unit
        text = theme.sentences[language].format(
            value=spelled(reason.value, theme.unit, language),
            baseline=spelled(reason.baseline, other, language),
            recent_days=RECENT_DAYS,
        )
    effect = 1 + (reason.contribution >= MATTERS) - (reason.contribution <= -MATTERS)
    return text + _EFFECTS[language][effect]
