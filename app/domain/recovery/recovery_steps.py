"""What a company does for the customer of a complaint, and what a case must show before it may close."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from app.domain.recovery.complaints import ComplaintState, OurFault


class RecoveryKind(StrEnum):
    """What was done, found out or said."""

    APOLOGY = "apology"
    FIX = "fix"
    CAUSE = "cause"
    PREVENTION = "prevention"
    ANSWER = "answer"


class CustomerAnswer(StrEnum):
    """What the customer says of the resolution."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Fault(StrEnum):
    """Whose fault the cause of a failure is."""

    US = "us"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    NOBODY = "nobody"


SUB_RESOURCES = {
    RecoveryKind.APOLOGY: "apologies",
    RecoveryKind.FIX: "fixes",
    RecoveryKind.CAUSE: "causes",
    RecoveryKind.PREVENTION: "preventions",
    RecoveryKind.ANSWER: "answers",
}
"""The sub-resource of a complaint under which each kind is recorded."""


def our_fault_of(fault: Fault) -> OurFault:
    """Tell whether a cause makes the complaint the company's fault.

    >>> our_fault_of(Fault.US).value, our_fault_of(Fault.SUPPLIER).value
    ('yes', 'no')
    """
    return OurFault.YES if fault == Fault.US else OurFault.NO


def missing_steps(
    demanded: Iterable[str], recorded: Collection[str], state: ComplaintState
) -> list[RecoveryKind]:
    """Give the demanded steps that a complaint does not show, in their usual order.

    What was recorded at any time counts, also before it was reopened; but the customer's answer is that to
    the last resolution, so only a complaint that is confirmed has it.

    Args:
        demanded: words of `RecoveryKind`.
        recorded: kinds of the complaint's recovery steps.
        state: of the complaint.

    >>> missing_steps(["answer", "apology", "fix"], {"apology", "answer"}, ComplaintState.RESOLVED)
    [<RecoveryKind.FIX: 'fix'>, <RecoveryKind.ANSWER: 'answer'>]
    """
    wanted, shown = set(demanded), set(recorded) - {RecoveryKind.ANSWER}
    if state == ComplaintState.CONFIRMED:
        shown.add(RecoveryKind.ANSWER)
    return [kind for kind in RecoveryKind if kind in wanted and kind not in shown]


def silent_days(of_category: int | None, of_company: int) -> int:
    """Give the days of silence after which a resolved complaint closes by itself; 0 is never.

    >>> silent_days(None, 14), silent_days(0, 14), silent_days(5, 0)
    (14, 0, 5)
    """
    return of_company if of_category is None else of_category
