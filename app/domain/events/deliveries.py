"""The delivery of events: the signature, when to try again, and when to give up."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SECRET_PREFIX = "whsec_"  # noqa: S105  # which marks a secret, and is none
SECRET_BYTES = 32
ROTATION_KEEPS = timedelta(hours=24)
"""For how long an earlier secret signs as well, unless the rotation says otherwise."""

RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""From each failed attempt to the next one; after the last attempt an event is given up."""
MAX_ATTEMPTS = len(RETRY_AFTER) + 1
JITTER_SHARE = 0.1
MAX_RETRY_AFTER = timedelta(days=1)
"""Of what a receiver asks for."""

WARNED_AFTER = timedelta(days=1)
DISABLED_AFTER = timedelta(days=3)
FAILURES_APART = timedelta(hours=12)
OVERLOADED = frozenset({429, 502, 504})
"""Statuses of a receiver that should be sent less at once."""


class EndpointState(StrEnum):
    """Whether an endpoint is sent anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Somebody stopped it for a time; what happens meanwhile is sent when it goes on."""
    DISABLED = "disabled"
    """It answered 410, or nothing succeeded for three days."""


class DisabledReason(StrEnum):
    """Why an endpoint was disabled."""

    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """Nothing succeeded for three days."""


class Ordering(StrEnum):
    """In which order events are sent."""

    BY_KEY = "by_key"
    """Events of one customer (of one object, where there is no customer) in sequence; one that fails holds up
    the later ones until it is delivered or given up."""
    NONE = "none"
    """All at once, for receivers that sort by `sequence`."""


class Outcome(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"


class Failure(StrEnum):
    """Why there was no answer."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    REFUSED_ADDRESS = "refused_address"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered to one attempt.

    Args:
        status: of the answer; None where there was none, and ``failure`` says why.
        text: the beginning of the answer.
        retry_after: what it asked for.
        ms: time from the first byte sent to the end, in milliseconds.
    """

    status: int | None
    failure: Failure | None = None
    text: str = ""
    retry_after: timedelta | None = None
    ms: int = 0

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken the event in."""
        return self.failure is None and self.status is not None and 200 <= self.status < 300


def next_attempt_at(attempts: int, at: datetime, answer: Answer, jitter: float) -> datetime | None:
    """Say when to try again after the failed attempt number ``attempts`` (from 1); None: give up.

    Args:
        jitter: from -1 to 1: how much of `JITTER_SHARE` is added.

    >>> next_attempt_at(1, datetime(2026, 1, 5), Answer(500), 0.0)
    datetime.datetime(2026, 1, 5, 0, 0, 5)
    >>> next_attempt_at(10, datetime(2026, 1, 5), Answer(500), 0.0) is None
    True
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    wait = RETRY_AFTER[attempts - 1] * (1 + JITTER_SHARE * jitter)
    if answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, MAX_RETRY_AFTER))
    return at + wait


def is_to_be_disabled(failing_since: datetime | None, last_failure_at: datetime | None, at: datetime) -> bool:
    """Tell whether an endpoint has failed for too long.

    Args:
        failing_since: its first failure after the last success; None: its last attempt succeeded.
        last_failure_at: its last failure.
    """
    if failing_since is None or last_failure_at is None:
        return False
    return at - failing_since >= DISABLED_AFTER and last_failure_at - failing_since >= FAILURES_APART


def is_to_be_warned_of(failing_since: datetime, failed_before_at: datetime | None, at: datetime) -> bool:
    """Tell whether the failure at an instant is the first after a day in which nothing succeeded.

    Args:
        failing_since: the first failure after the last success.
        failed_before_at: the failure before this one; None: there was none since the last success.

    >>> days = [datetime(2026, 1, day) for day in (5, 6, 7)]
    >>> [is_to_be_warned_of(days[0], before, at) for before, at in zip(days, days[1:])]
    [True, False]
    """
    if at - failing_since < WARNED_AFTER:
        return False
    return failed_before_at is None or failed_before_at - failing_since < WARNED_AFTER


def signature(secrets: Sequence[bytes], event_id: str, timestamp: int, body: bytes) -> str:
    """Sign a body with each secret, as Standard Webhooks wants: ``v1,<base64>``, with blanks between.

    >>> secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> signature([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, signed, "sha256") for secret in secrets)
    return " ".join("v1," + base64.b64encode(digest).decode() for digest in digests)


def secret_text(secret: bytes) -> str:
    """A secret as receivers know it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def secret_bytes(text: str) -> bytes | None:
    """The secret that receivers know as ``text``; None if it is none.

    >>> secret_bytes(secret_text(b"x" * 32)) == b"x" * 32, secret_bytes("whsec_?")
    (True, None)
    """
    try:
        return base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True) or None
    except ValueError:
        return None


def is_signed(secret: bytes, event_id: str, timestamp: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether one of the signatures in the header ``webhook-signature`` was made with a secret."""
    expected = signature([secret], event_id, int(timestamp), body).encode()
    given = headers.get("webhook-signature", "").encode()
    return any(hmac.compare_digest(expected, one) for one in given.split(b" "))
