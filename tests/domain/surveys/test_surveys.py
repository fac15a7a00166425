"""Which questions can be asked, and which answers fit them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.surveys.surveys import (
    CHOICES_LEAST,
    QuestionKind,
    answer_rows,
    check_answers,
    check_questions,
    completed,
    is_expired,
)


def asked(code: str, kind: str, ends: tuple[int, int] | None = None, **members: Any) -> dict[str, Any]:
    scale = None if ends is None else {"min": ends[0], "max": ends[1]}
    return {"code": code, "kind": kind, "scale": scale, "required": False, **members}


def choices(*codes: str) -> list[dict[str, str]]:
    return [{"code": code} for code in codes]


def wrong(*questions: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in check_questions(questions)]


def misfits(question: dict[str, Any], **answer: Any) -> list[tuple[str, str]]:
    found = check_answers([completed(question)], [{"question": question["code"], **answer}])
    return [(problem.pointer, problem.code) for problem in found]


CSAT = asked("delivery", "csat", (1, 5))
NPS = asked("recommend", "nps", required=True)
CHOICE = asked("why", "choice", choices=choices("price", "speed"))
TEXT = asked("remark", "text")
RATING = asked("respect", "rating", (-3, 3), dimension="respect", weight=0.4)
SURVEY = [completed(question) for question in (CSAT, NPS, CHOICE, TEXT, RATING)]


# --- questions


@pytest.mark.parametrize(
    "question",
    [
        CSAT,
        asked("q", "csat", (1, 7), weight=2),
        asked("q", "csat", (1, 10), weight=0),
        NPS,
        asked("q", "nps", (0, 10)),
        asked("q", "ces", (1, 7)),
        asked("q", "ces", (1, 5), reversed=True),
        RATING,
        asked("q", "rating", (0, 1)),
        asked("q", "rating", (-100, 100)),
        asked("q", "expectation", (1, 10), weight=3),
        CHOICE,
        TEXT,
    ],
    ids=lambda question: f"{question['kind']}-{question['scale']}",
)
def test_a_question_of_each_kind_can_be_asked(question: dict[str, Any]) -> None:
    assert check_questions([question]) == []
    assert check_questions([completed(question)]) == []


@pytest.mark.parametrize(
    ("question", "problems"),
    [
        (asked("q", "csat"), [("/0/scale", "other_scale")]),
        (asked("q", "csat", (0, 10)), [("/0/scale", "other_scale")]),
        (asked("q", "csat", (5, 1)), [("/0/scale", "other_scale")]),
        (asked("q", "nps", (1, 10)), [("/0/scale", "other_scale")]),
        (asked("q", "ces"), [("/0/scale", "other_scale")]),
        (asked("q", "ces", (1, 5)), [("/0/reversed", "reversed")]),
        (asked("q", "ces", (1, 7), reversed=True), [("/0/reversed", "reversed")]),
        (asked("q", "csat", (1, 5), reversed=True), [("/0/reversed", "reversed")]),
        (asked("q", "text", reversed=True), [("/0/reversed", "reversed")]),
        (asked("q", "rating"), [("/0/scale", "no_scale")]),
        (asked("q", "rating", (3, 3)), [("/0/scale", "no_scale")]),
        (asked("q", "expectation", (3, 2)), [("/0/scale", "no_scale")]),
        (asked("q", "text", (1, 5)), [("/0/scale", "not_of_kind")]),
        (asked("q", "choice", (1, 5), choices=choices("a", "b")), [("/0/scale", "not_of_kind")]),
        (asked("q", "nps", weight=1), [("/0/weight", "not_of_kind")]),
        (asked("q", "ces", (1, 7), weight=0), [("/0/weight", "not_of_kind")]),
        (asked("q", "csat", (1, 5), dimension="respect"), [("/0/dimension", "not_of_kind")]),
        (asked("q", "nps", choices=choices("a", "b")), [("/0/choices", "not_of_kind")]),
        (asked("q", "choice"), [("/0/choices", "too_few_choices")]),
        (asked("q", "choice", choices=choices("a")), [("/0/choices", "too_few_choices")]),
        (asked("q", "choice", choices=choices("a", "b", "a")), [("/0/choices/2/code", "repeated")]),
        (
            asked("q", "text", (1, 5), weight=1, dimension="respect", choices=choices("a")),
            [(f"/0/{member}", "not_of_kind") for member in ("scale", "weight", "dimension", "choices")],
        ),
    ],
    ids=lambda value: None if isinstance(value, list) else f"{value['kind']}-{value['scale']}",
)
def test_what_a_kind_does_not_have_is_refused(
    question: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert wrong(question) == problems


def test_codes_are_given_once_and_each_problem_says_where() -> None:
    assert wrong(NPS, CSAT, NPS) == [("/2/code", "repeated")]
    assert wrong(NPS, asked("q", "rating")) == [("/1/scale", "no_scale")]
    [problem] = check_questions([asked("q", "choice")])
    assert problem.params == {"min_length": CHOICES_LEAST}
    [problem] = check_questions([asked("q", "csat")])
    assert problem.params == {"scales": "1-5, 1-7, 1-10"}


def test_what_goes_without_saying_is_completed() -> None:
    assert completed(asked("q", "nps"))["scale"] == {"min": 0, "max": 10}
    assert completed(asked("q", "csat"))["scale"] is None  # there are three
    for kind in QuestionKind:
        expected = 1.0 if kind in ("csat", "rating", "expectation") else None
        assert completed(asked("q", kind)).get("weight") == expected
    assert completed(asked("q", "rating", (1, 5), weight=0))["weight"] == 0


# --- answers


@pytest.mark.parametrize(
    ("question", "answer", "problems"),
    [
        (CSAT, {"number": 1}, []),
        (CSAT, {"number": 5}, []),
        (CSAT, {"number": 0}, [("/0/number", "outside_scale")]),
        (CSAT, {"number": 6}, [("/0/number", "outside_scale")]),
        (NPS, {"number": 0}, []),
        (NPS, {"number": 10}, []),
        (NPS, {"number": -1}, [("/0/number", "outside_scale")]),
        (NPS, {"number": 11}, [("/0/number", "outside_scale")]),
        (RATING, {"number": -3}, []),
        (RATING, {"number": 4}, [("/0/number", "outside_scale")]),
        (CHOICE, {"choice": "price"}, []),
        (CHOICE, {"choice": "Price"}, [("/0/choice", "unknown_choice")]),
        (CHOICE, {"text": "price"}, [("/0/text", "other_member")]),
        (TEXT, {"text": "Thanks"}, []),
        (TEXT, {"choice": "price"}, [("/0/choice", "other_member")]),
        (TEXT, {"number": 5}, [("/0/number", "other_member")]),
        (CSAT, {"text": "5"}, [("/0/text", "other_member")]),
        (CSAT, {"skipped": True}, []),
        (CSAT, {"skipped": False, "number": 3}, []),
        (CSAT, {"skipped": True, "number": 3}, [("/0", "one_answer")]),
        (CSAT, {"skipped": False}, [("/0", "one_answer")]),
        (CSAT, {"number": None}, [("/0", "one_answer")]),
        (CSAT, {"number": 3, "text": "3"}, [("/0", "one_answer")]),
        (NPS, {"skipped": True}, [("/0/skipped", "required")]),
    ],
    ids=lambda value: None if isinstance(value, list) else str(value.get("code", value)),
)
def test_an_answer_fits_its_question_or_not(
    question: dict[str, Any], answer: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert misfits(question, **answer) == problems


def test_a_survey_is_judged_as_a_whole() -> None:
    def found(*answers: dict[str, Any]) -> list[tuple[str, str]]:
        return [(problem.pointer, problem.code) for problem in check_answers(SURVEY, answers)]

    nine = {"question": "recommend", "number": 9}
    assert found(nine) == []
    assert found({"question": "remark", "text": "x"}, nine) == []
    assert found() == [("", "missing_answer")]
    assert found(nine, nine) == [("/1/question", "answered_twice")]
    assert found(nine, {"question": "Recommend", "number": 9}) == [("/1/question", "unknown_question")]
    assert found({"question": "delivery", "number": 9}) == [
        ("/0/number", "outside_scale"),
        ("", "missing_answer"),
    ]
    # One that does not fit is there all the same: it is told of once.
    assert found({"question": "recommend", "number": 99}) == [("/0/number", "outside_scale")]


def test_the_bounds_are_told() -> None:
    [problem] = check_answers(SURVEY, [{"question": "recommend", "number": 11}])
    assert problem.params == {"min": 0, "max": 10}
    [problem] = check_answers(SURVEY, [])
    assert problem.params == {"question": "recommend"}
    [problem] = check_answers([TEXT], [{"question": "remark", "number": 1}])
    assert problem.params == {"member": "text"}


@given(st.lists(st.sampled_from(SURVEY), unique_by=lambda one: one["code"]), st.data())
def test_every_answer_on_the_scale_fits_and_is_kept_with_it(
    questions: list[dict[str, Any]], data: st.DataObject
) -> None:
    answers = []
    for question in questions:
        scale = question["scale"]
        if scale is not None:
            answers.append(
                {
                    "question": question["code"],
                    "number": data.draw(st.integers(scale["min"], scale["max"])),
                }
            )
    assert check_answers([{**one, "required": False} for one in questions], answers) == []
    rows = answer_rows(questions, answers)
    assert [row["question"] for row in rows] == sorted(answer["question"] for answer in answers)
    by_code = {answer["question"]: answer["number"] for answer in answers}
    assert all(row["scale_min"] <= row["number"] <= row["scale_max"] for row in rows)
    assert {row["question"]: row["number"] for row in rows} == by_code


def test_what_is_kept_of_each_kind() -> None:
    rows = answer_rows(
        SURVEY,
        [
            {"question": "why", "choice": "price"},
            {"question": "remark", "text": "Thanks"},
            {"question": "delivery", "skipped": True},
        ],
    )
    empty = dict.fromkeys(("scale_min", "scale_max", "number", "choice", "text", "excluded"))
    assert rows == [
        {**empty, "question": "delivery", "kind": "csat", "scale_min": 1, "scale_max": 5},
        {**empty, "question": "remark", "kind": "text", "text": "Thanks"},
        {**empty, "question": "why", "kind": "choice", "choice": "price"},
    ]


# --- the rest


def test_an_invitation_expires_at_its_end() -> None:
    end = datetime(2026, 11, 23, tzinfo=UTC)
    assert not is_expired(None, end)
    assert not is_expired(end, end - timedelta(microseconds=1))
    assert is_expired(end, end)
