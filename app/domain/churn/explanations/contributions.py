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
from app.domain.churn.inputs.features import BY_NAME
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.logistic import Serving
from app.domain.churn.signals.signal import Unit, quantity, with_figures
from app.domain.common.messages import Message

ATTRIBUTE = "attribute"
"""Code of what a recorded attribute of a contract contributes."""

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
        attribute: name of the recorded attribute it is about, of the code `ATTRIBUTE`.
        text: what that says of the customer; None where it says nothing.
        counted: the value as a sentence has it, where its unit is not that of the theme.
    """

    code: str
    value: float | None
    baseline: float | None
    contribution: float
    attribute: str | None = None
    text: str | None = None
    counted: Message | None = None


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
    for name, part in zip(serving.learned.names, parts.tolist(), strict=True):
        sums[BY_NAME[name].theme] += part
    found = [Contribution(code, *THEMES[code].measure(customer), total) for code, total in sums.items()]
    return sorted(found, key=lambda one: -abs(one.contribution))


def alone(facts: CustomerFacts) -> Facts:
    """The facts of one customer as columns."""
    columns = {}
    for name in COLUMNS:
        value = getattr(facts, name)
        absent = np.nan if name in SCORES else NO_DAY
        columns[name] = np.array([absent if value is None else value])
    return Facts(as_of_day=facts.as_of_day, **columns, sales_end_day=facts.sales_end_day)


_EFFECTS = ("This lowers the risk.", "This hardly matters.", "This raises the risk.")


def sentences(reason: Contribution) -> tuple[Message, Message]:
    """State a contribution: what is known of the customer, and what it does to the risk.

    >>> [message.id for message in sentences(Contribution("open_complaints", 2, 0, 0.4))]
    ['Open complaints: {value}.', 'This raises the risk.']
    """
    effect = 1 + (reason.contribution >= MATTERS) - (reason.contribution <= -MATTERS)
    return _stated(reason), Message(_EFFECTS[effect])


def _stated(reason: Contribution) -> Message:
    if reason.attribute is not None:
        if reason.text is None:
            return Message("Nothing is recorded for “{attribute}”.", {"attribute": reason.attribute})
        said = {"attribute": reason.attribute, "text": reason.text}
        return Message("Recorded for “{attribute}”: {text}.", said)
    theme = _ALL[reason.code]
    stated = Message(theme.unknown, {"recent_days": RECENT_DAYS})
    if reason.value is not None and reason.baseline is not None:
        # Days of silence are held against a number of purchases.
        other = Unit.COUNT if theme.code == "purchase_pattern" else theme.unit
        value = reason.counted or quantity(reason.value, theme.unit)
        baseline = quantity(reason.baseline, other)
        stated = with_figures(theme.sentence, value, baseline)
    return stated
