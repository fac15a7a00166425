"""Small sets of answers for the tests of satisfaction indices."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from app.domain.satisfaction.model import Answers, Dimension, IntArray, Items, Options

Scale = tuple[int, int]


def one_question(
    values: Sequence[int | None],
    scale: Scale = (1, 5),
    *,
    customers: Sequence[int] | None = None,
    micros: Sequence[int] | None = None,
) -> Answers:
    """Answers to one question, each in a response of its own; None is a skipped one."""
    n = len(values)
    return Answers(
        value=np.array([0 if value is None else value for value in values], dtype=np.int64),
        scale_min=np.full(n, scale[0]),
        scale_max=np.full(n, scale[1]),
        is_skipped=np.array([value is None for value in values], dtype=np.bool_),
        respondent=np.full(n, -1) if customers is None else np.array(customers, dtype=np.int64),
        answered_micros=np.arange(n) if micros is None else np.array(micros, dtype=np.int64),
        response=np.arange(n),
        item=np.zeros(n, dtype=np.int64),
    )


def filled_in(
    responses: Sequence[Sequence[int | None]],
    scale: Scale = (1, 10),
    *,
    customers: Sequence[int] | None = None,
) -> Answers:
    """Responses to several questions, one row each; None is a skipped question."""
    width = len(responses[0]) if responses else 0
    flat = one_question([value for response in responses for value in response], scale)
    response = np.repeat(np.arange(len(responses)), width)
    return Answers(
        flat.value,
        flat.scale_min,
        flat.scale_max,
        flat.is_skipped,
        flat.respondent if customers is None else np.array(customers)[response],
        response,
        response,
        np.tile(np.arange(width), len(responses)),
    )


def joined(*parts: Answers) -> Answers:
    """Answers one after another; responses of different parts stay different."""
    columns = []
    for name in Answers.__slots__:
        shift = [0] * len(parts)
        if name == "response":
            widths = [int(part.response.max(initial=-1)) + 1 for part in parts]
            shift = [sum(widths[:place]) for place in range(len(parts))]
        columns.append(
            np.concatenate(
                [
                    getattr(part, name) + by if by else getattr(part, name)
                    for part, by in zip(parts, shift, strict=True)
                ]
            )
        )
    return Answers(*columns)


# --- sets of any kind, for what holds of every index

ITEMS = Items.of(
    9,
    weight=[1, 2, 0.5, 0, 0, 0, 0, 0.3, 0.7],
    expectation_weight=[0, 0, 0, 1, 1, 0, 0, 0, 0],
    dimension=[
        Dimension.INTEREST,
        Dimension.INTEREST,
        Dimension.RESPECT,
        None,
        None,
        Dimension.PRODUCT_QUALITY,
        Dimension.TECHNOLOGY_ADEQUACY,
        Dimension.SINCERITY,
        None,
    ],
    instrument=[0, 0, 0, 0, 0, 0, 0, 1, 1],
)
"""Two surveys: questions 0 to 6, and 7 and 8."""
OPTIONS = Options(items=ITEMS, min_n=3)
SCALES: tuple[Scale, ...] = ((1, 5), (1, 7), (1, 10), (0, 10), (0, 0))


@st.composite
def mixed_answers(draw: st.DrawFn, most: int = 25) -> tuple[Answers, IntArray, int]:
    """Answers to the questions of `ITEMS` on all scales, a group of each response, the number of groups."""
    n_groups = draw(st.integers(1, 4))
    rows: list[tuple[int, ...]] = []
    groups: list[int] = []
    for response in range(draw(st.integers(0, most))):
        group, customer = draw(st.integers(-1, n_groups - 1)), draw(st.integers(-1, 3))
        at = draw(st.integers(0, 3))
        items = draw(st.sampled_from([range(7), range(7, 9)]))
        scale = draw(st.sampled_from(SCALES))
        for item in draw(st.lists(st.sampled_from(items), unique=True, max_size=7)):
            value = draw(st.integers(scale[0] - 1, scale[1] + 1))
            is_skipped = draw(st.sampled_from([False, False, False, True]))
            rows.append((value, *scale, is_skipped, customer, at, response, item))
            groups.append(group)
    table = np.array(rows, dtype=np.int64).reshape(-1, 8)
    columns = [table[:, place] for place in range(8)]
    columns[3] = columns[3].astype(np.bool_)
    return Answers(*columns), np.array(groups, dtype=np.int64), n_groups
