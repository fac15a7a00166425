"""What a complaint must show before it may close."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.recovery.complaints import ComplaintState
from app.domain.recovery.recovery_steps import RecoveryKind, missing_steps, silent_days

kinds = st.sets(st.sampled_from(RecoveryKind))


@given(kinds, kinds, st.sampled_from(ComplaintState))
def test_what_is_demanded_is_shown_or_missing(
    demanded: set[RecoveryKind], recorded: set[RecoveryKind], state: ComplaintState
) -> None:
    lacking = missing_steps(demanded, recorded, state)
    assert set(lacking) <= demanded
    assert set(lacking) - {RecoveryKind.ANSWER} == demanded - recorded - {RecoveryKind.ANSWER}
    is_answered = state == ComplaintState.CONFIRMED
    assert (RecoveryKind.ANSWER in lacking) == (RecoveryKind.ANSWER in demanded and not is_answered)
    assert lacking == sorted(lacking, key=list(RecoveryKind).index)


def test_a_category_without_a_number_has_that_of_the_company() -> None:
    assert [silent_days(days, 14) for days in (None, 0, 3)] == [14, 0, 3]
