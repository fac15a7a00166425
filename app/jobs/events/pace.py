"""How much an endpoint is sent at once: more while it succeeds, less or nothing after failures."""

from time import monotonic

from app.domain.events.deliveries import OVERLOADED

MAX_AT_ONCE = 32.0
FIRST_AT_ONCE = 8.0
RESTS_AFTER = 5
"""Failures without a success, after which an endpoint is only tried now and then."""
MAX_REST_SECONDS = 300.0
_FIRST_REST_SECONDS = 5.0


class Pace:
    """The pace of one endpoint."""

    def __init__(self) -> None:
        self._at_once = FIRST_AT_ONCE
        self._failures = 0
        self._rests_until = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether nothing is to be tried now."""
        return self._failures >= RESTS_AFTER and monotonic() < self._rests_until

    @property
    def at_once(self) -> int:
        """How many may be on their way."""
        if self.is_resting:
            return 0
        return 1 if self._failures >= RESTS_AFTER else int(self._at_once)

    def succeeded(self) -> None:
        """Note a delivery."""
        self._failures = 0
        self._at_once = min(MAX_AT_ONCE, self._at_once + 1 / self._at_once)

    def failed(self, status: int | None) -> None:
        """Note a failure."""
        self._failures += 1
        if self._failures >= RESTS_AFTER:
            rest = _FIRST_REST_SECONDS * 2 ** min(10, self._failures - RESTS_AFTER)
            self._rests_until = monotonic() + min(MAX_REST_SECONDS, rest)
        if status in OVERLOADED:
            self._at_once = max(1.0, self._at_once / 2)
