"""Warning signs: why a customer may be leaving, said in words.

To add a sign: a `Signal` in a file of this folder, a line in `SIGNALS`, a worked example in
`app.domain.methods.signals`, translations; then ``python -m tests.refresh_formulas``. A sign whose facts are
recorded nowhere is not listed.

Source: docs/formulas.md#warning-signs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.signals import (
    complaints,
    contacts,
    contract_end,
    falling_purchases,
    promises,
    scores,
    silence,
)
from app.domain.churn.signals.signal import Measured, Reason, Signal, quantity, with_figures
from app.domain.common.messages import Message

__all__ = ["SIGNALS", "Measured", "Reason", "Signal", "reasons_for_one", "sentence"]

SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        sign.code: sign
        for sign in (
            silence.SIGNAL,
            falling_purchases.FREQUENCY,
            falling_purchases.SPEND,
            complaints.OPEN,
            complaints.UNRESOLVED,
            promises.BROKEN,
            scores.LOW,
            scores.FALLING,
            contract_end.SIGNAL,
            contacts.MANY,
            contacts.QUIET,
        )
    }
)
"""The warning signs by code, in the order in which equally strong ones are told."""


def reasons_for_one(facts: CustomerFacts, baselines: Baselines) -> list[Reason]:
    """Tell why a customer may be leaving, the strongest reason first; [] when no sign applies.

    Args:
        facts: as `app.domain.churn.inputs.customer_facts.from_row` reads them back.
        baselines: of the same run.
    """
    found = ((code, sign.measure(facts, baselines)) for code, sign in SIGNALS.items())
    reasons = [_reason(code, one) for code, one in found if one is not None]
    return sorted(reasons, key=lambda one: -one.contribution)


def _reason(code: str, one: Measured) -> Reason:
    baseline = None if one.baseline is None else float(one.baseline)
    figures = float(one.value), baseline, float(one.contribution)
    return Reason(code, *figures, one.n, one.limit, one.sentence)


def sentence(reason: Reason) -> Message:
    """State a reason.

    >>> sentence(Reason("open_complaint", 2, 0, 0.75)).id
    'Open complaints: {value}.'
    """
    sign = SIGNALS[reason.code]
    figures = (
        None if number is None else quantity(number, sign.unit)
        for number in (reason.value, reason.baseline, reason.limit)
    )
    value, baseline, limit = figures
    more = {} if reason.n is None or limit is None else {"n": reason.n, "limit": limit}
    return with_figures(reason.sentence or sign.sentence, value, baseline, **more)
