"""Answers as indices read them, made of the columns the store gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np

from app.domain.satisfaction.model import ANONYMOUS, Answers, Dimension, Index, Items, Options
from app.domain.surveys.surveys import QuestionKind
from app.store.scoring import survey_answers
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids, IntArray

Versions = Mapping[tuple[bytes, int], Sequence[Mapping[str, Any]]]
"""Questions by survey (16 bytes) and number of the version."""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Answers, whose they are, and what is known of their questions.

    ``customers`` are the ids that the codes in ``answers.respondent`` stand for; ``kind`` is that of each
    answer's question, ``question`` its position in ``questions``: the survey (16 bytes) and its code. A
    question that several versions of a survey ask is one question, though it may be several items.
    """

    answers: Answers
    customers: Ids
    kind: Any
    items: Items
    question: IntArray
    questions: Sequence[tuple[bytes, str]]

    def of_index(self, index: Index) -> tuple[Answers, IntArray]:
        """The answers an index reads, and their positions.

        An index that is read from single questions gets these as its items.
        """
        rows = np.flatnonzero(np.isin(self.kind.astype("U16"), index.kinds))
        return self.answers_of(index).take(rows), rows

    def answers_of(self, index: Index) -> Answers:
        """All answers, their items as the index reads them."""
        return self.answers if index.needs_items else replace(self.answers, item=self.question)

    def surveys(self) -> tuple[IntArray, int]:
        """The survey of each answer, as a place among those answered, by id; and how many these are."""
        known = sorted({survey for survey, _ in self.questions})
        place = np.array([known.index(survey) for survey, _ in self.questions], dtype=np.int64)
        return place[self.question], len(known)

    def options(self, index: Index) -> Options:
        """What an index is computed with."""
        return Options(items=self.items if index.needs_items else None)


def versions_of(surveys: Sequence[tuple[UUID, str, int, list[dict[str, Any]]]]) -> Versions:
    """Questions of every version of surveys listed by `app.store.scoring.survey_answers.surveys`."""
    return {(survey_id.bytes, number): questions for survey_id, _, number, questions in surveys}


def answered(columns: Columns, versions: Versions) -> Answered:
    """Make answers of the columns of `app.store.scoring.survey_answers.answers`."""
    customers, respondent = np.unique(columns["customer_id"], return_inverse=True)
    if customers.size and customers[0] == survey_answers.NO_CUSTOMER:
        customers, respondent = customers[1:], respondent - 1  # nobody comes first, so gets ANONYMOUS
    _, response = np.unique(columns["response_id"], return_inverse=True)
    items, item = _items(columns, versions)
    question, questions = _questions(columns)
    answers = Answers(
        columns["value"],
        columns["scale_min"],
        columns["scale_max"],
        columns["skipped"],
        respondent.astype(np.int64),
        columns["answered_micros"],
        response.astype(np.int64),
        item,
    )
    assert ANONYMOUS == -1  # noqa: S101 - what nobody's code above relies on
    return Answered(answers, customers, columns["kind"], items, question, questions)


def mixed(answers: Answers, groups: IntArray, n_groups: int) -> list[bool]:
    """Tell for each group whether its valid answers are to more than one question: to more than one item."""
    width = int(answers.item.max(initial=0)) + 1
    asked = np.unique((groups * width + answers.item)[answers.is_valid() & (groups >= 0)])
    found: list[bool] = (np.bincount(asked // width, minlength=n_groups) > 1).tolist()
    return found


def _questions(columns: Columns) -> tuple[IntArray, list[tuple[bytes, str]]]:
    """The question each answer is to, and what they are."""
    survey, surveys = numpy_io.factorize(columns["survey_id"])
    question, codes = numpy_io.factorize(columns["question"])
    width = max(len(codes), 1)
    asked, of = np.unique(survey * width + question, return_inverse=True)
    named = [(surveys[one // width].ljust(16, b"\0"), codes[one % width]) for one in asked.tolist()]
    return of.astype(np.int64), named


def _items(columns: Columns, versions: Versions) -> tuple[Items, IntArray]:
    """The questions of the surveys that were answered, and which of them each answer is to.

    Versions of a survey that ask the same with the same weights are one instrument.
    """
    places: dict[tuple[int, str], int] = {}
    instruments: dict[Any, int] = {}
    found: list[tuple[float, float, Dimension | None, int]] = []
    survey, surveys = numpy_io.factorize(columns["survey_id"])
    version = columns["survey_version"]
    width = int(version.max(initial=0)) + 1
    asked, of = np.unique(survey * width + version, return_inverse=True)
    instrument_of = []
    for pair in asked.tolist():
        survey_id, number = surveys[pair // width].ljust(16, b"\0"), pair % width
        questions = versions[survey_id, number]
        described = tuple(
            (question["code"], *_weights(question), question.get("dimension")) for question in questions
        )
        instrument = instruments.setdefault((survey_id, described), len(instruments))
        instrument_of.append(instrument)
        for code, weight, expectation, dimension in described:
            if (instrument, code) not in places:
                places[instrument, code] = len(found)
                named = None if dimension is None else Dimension(dimension)
                found.append((weight, expectation, named, instrument))
    question, codes = numpy_io.factorize(columns["question"])
    column_of = {code: column for column, code in enumerate(codes)}
    table = np.zeros((len(instruments), len(codes)), dtype=np.int64)
    for (one, code), place in places.items():
        if code in column_of:
            table[one, column_of[code]] = place
    item = table[np.array(instrument_of, dtype=np.int64)[of], question]
    weights, expectations, dimensions, owners = zip(*found, strict=True) if found else ((), (), (), ())
    items = Items.of(
        len(found), weight=weights, expectation_weight=expectations, dimension=dimensions, instrument=owners
    )
    return items, item


def _weights(question: Mapping[str, Any]) -> tuple[float, float]:
    """Weight in the composite index and in the expectation score."""
    weight = float(question.get("weight") or 0)
    return (0.0, weight) if question["kind"] == QuestionKind.EXPECTATION else (weight, 0.0)
