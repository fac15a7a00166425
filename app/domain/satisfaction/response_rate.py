"""How many of those asked answered."""

from dataclasses import dataclass

from app.domain.satisfaction.intervals import wilson


@dataclass(frozen=True, slots=True)
class ResponseRate:
    """``answered`` of ``invited``: the share of 0..1 with Wilson's 95 % interval."""

    answered: int
    invited: int
    share: float
    low: float
    high: float


def response_rate(answered: int, invited: int | None) -> ResponseRate | None:
    """Answered / invited, where it is known how many were asked.

    Args:
        answered: invitations that were answered; answers nobody asked for do not belong here.
        invited: invitations; None when it is not known.

    Returns:
        None when ``invited`` is None or 0.

    Raises:
        ValueError: not 0 <= answered <= invited.

    Source: docs/formulas.md#response-rate.

    >>> response_rate(45, 50)
    ResponseRate(answered=45, invited=50, share=0.9, low=0.786..., high=0.956...)
    """
    interval = None if invited is None else wilson(answered, invited)
    if invited is None or interval is None:
        return None
    return ResponseRate(answered, invited, answered / invited, interval.low, interval.high)
