"""Follow-up rules: which answers, words and broken times ask for something, and what is done then."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.common import names
from app.domain.recovery.complaints import FoundBy


class Trigger(StrEnum):
    """What a rule waits for."""

    LOW_ANSWER = "low_answer"
    """An answer of an index that is worth few points."""
    CRITICAL_WORD = "critical_word"
    """A word of the rule in what a customer says, or in what is noted of a contact."""
    BROKEN_STANDARD = "broken_standard"
    """A complaint that was not dealt with in the time that a standard gives it."""
    BROKEN_PROMISE = "broken_promise"
    """A promise of the company that was not kept by its due time."""


class AnswerIndex(StrEnum):
    """Of which kind the answer is; each on 0 to 100 points."""

    CSAT = "csat"
    NPS = "nps"
    CES = "ces"


class WordPlace(StrEnum):
    """Where a word is looked for."""

    RESPONSE = "response"
    """Texts that a customer answers in a survey."""
    COMPLAINT = "complaint"
    """Subject and text of a complaint."""
    INTERACTION = "interaction"
    """Notes of a contact."""


class FollowUpAction(StrEnum):
    """What a rule does."""

    OPEN_COMPLAINT = "open_complaint"
    PROMISE_CALL_BACK = "promise_call_back"
    """A promise to call the customer, with an owner and a due time."""


class CauseKind(StrEnum):
    """What made a rule act."""

    RESPONSE = "response"
    COMPLAINT = "complaint"
    INTERACTION = "interaction"
    STANDARD = "standard"
    """A clock of a complaint: the id is the complaint's, the detail the metric."""
    PROMISE = "promise"


SOURCE = "follow_up_rule"
"""The source of what rules make; no cause of more."""

CALL_BACK = "call_back"
"""The kind of the promises that rules make."""


FOUND_BY = {
    CauseKind.RESPONSE: FoundBy.SURVEY_ANSWER,
    CauseKind.COMPLAINT: FoundBy.CUSTOMER,
    CauseKind.INTERACTION: FoundBy.STAFF,
    CauseKind.STANDARD: FoundBy.STAFF,
    CauseKind.PROMISE: FoundBy.STAFF,
}
"""How the company came to know of what a rule opens."""

CAUSES = {
    "response.recorded": CauseKind.RESPONSE,
    "response.completed": CauseKind.RESPONSE,
    "complaint.received": CauseKind.COMPLAINT,
    "complaint.changed": CauseKind.COMPLAINT,
    "interaction.recorded": CauseKind.INTERACTION,
    "interaction.updated": CauseKind.INTERACTION,
    "complaint.standard_broken": CauseKind.STANDARD,
    "promise.broken": CauseKind.PROMISE,
}
"""Events after which rules are looked at, and what their object may be the cause of."""

_PIECE = names.MAX_TEXT // 4
"""Characters folded at once: folding may make a text longer, and only so much of one is looked at."""


def folded(text: str) -> str:
    """Fold a text of any length as names are, words apart by one blank.

    >>> folded("Avukatıma  GİDİYORUM!")
    'avukatima gidiyorum'
    """
    return " ".join(filter(None, map(names.fold, _pieces(text))))


def find_word(words: Sequence[str], text: str | None) -> str | None:
    """Give the first of some words or phrases that stands in a text, as the rule writes it; None without.

    Whole words count, whatever case, accents or keyboard: `lawyer` is not found in `lawyers`. The words of a
    phrase must follow each other.

    >>> find_word(["şikayet var", "avukat"], "Avukat tutacağım"), find_word(["avukat"], "Avukatım")
    ('avukat', None)
    """
    if not text:
        return None
    inside = f" {folded(text)} "
    return next((word for word in words if (key := folded(word)) and f" {key} " in inside), None)


def is_recent(at: datetime, now: datetime, max_age_days: int) -> bool:
    """Tell whether what happened is young enough for a rule to act on it."""
    return at >= now - timedelta(days=max_age_days)


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that are short enough to be folded whole, cut between words where there are any."""
    piece = ""
    for word in text.split():
        for start in range(0, len(word), _PIECE):
            part = word[start : start + _PIECE]
            if piece and len(piece) + len(part) >= _PIECE:
                yield piece
                piece = ""
            piece = f"{piece} {part}" if piece else part
    yield piece
