"""Descriptions of the satisfaction indices."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.satisfaction import INDICES, expectation
from app.domain.satisfaction.model import Answers, Dimension, IndexResult, Items, Options

_FEW = "Fewer than 30 answers are marked as few; fewer than 5 are never ranked."


def _filled_in(responses: Sequence[Sequence[int]], scale: Mapping[str, int]) -> Answers:
    """Responses of different people to the same questions."""
    n, width = len(responses), len(responses[0])
    response = np.repeat(np.arange(n), width)
    return Answers(
        value=np.array(responses, dtype=np.int64).ravel(),
        scale_min=np.full(n * width, scale["min"]),
        scale_max=np.full(n * width, scale["max"]),
        is_skipped=np.zeros(n * width, dtype=np.bool_),
        respondent=np.full(n * width, -1),
        answered_micros=response,
        response=response,
        item=np.tile(np.arange(width), n),
    )


def _of_one_question(code: str, given: Figures) -> IndexResult:
    return INDICES[code].overall(_filled_in([[value] for value in given["answers"]], given["scale"]))


def _interval(found: IndexResult) -> dict[str, Any]:
    return {"n": found.n, "score": found.score, "low": found.low, "high": found.high}


def _csat(given: Figures) -> Figures:
    return _interval(_of_one_question("csat", given))


def _nps(given: Figures) -> Figures:
    return _interval(_of_one_question("nps", given))


def _ces(given: Figures) -> Figures:
    found = _of_one_question("ces", given)
    return {
        "n": found.n,
        "score": found.score,
        **{part: found.parts[part] for part in ("mean", "share_easy")},
    }


def _composite(given: Figures) -> Figures:
    options = Options(items=Items.of(len(given["weights"]), weight=given["weights"]))
    found = INDICES["composite"].overall(_filled_in(given["responses"], given["scale"]), options)
    return {"n": found.n, "score": found.score}


def _expectation(given: Figures) -> Figures:
    satisfaction, expected = (np.array(given[name]) for name in ("satisfaction", "expectation"))
    adjustment = expectation.fit(satisfaction, expected, given["min_n"])
    adjusted = expectation.adjust(satisfaction, expected, adjustment)
    return {"beta": adjustment.beta, "adjusted": adjusted.tolist()}


def _culture(given: Figures) -> Figures:
    asked = given["response"]
    items = Items.of(len(asked), dimension=[Dimension(name) for name in asked])
    answers = _filled_in([list(asked.values())], given["scale"])
    found = INDICES["culture"].overall(answers, Options(items=items))
    return {"score": found.score, **{one.name: one.score for one in found.dimensions}}


_EXAMPLES = {
    "csat": Example(
        {"scale": {"min": 1, "max": 5}, "answers": [5, 5, 4, 4, 4, 4, 4, 4, 3, 1]},
        {"n": 10, "score": 0.8, "low": 0.490162, "high": 0.943318},
        _csat,
    ),
    "nps": Example(
        {"scale": {"min": 0, "max": 10}, "answers": [10, 10, 9, 9, 9, 8, 8, 7, 5, 0]},
        {"n": 10, "score": 30.0, "low": -19.0506, "high": 65.2045},
        _nps,
    ),
    "ces": Example(
        {"scale": {"min": 1, "max": 7}, "answers": [7, 6, 5, 3]},
        {"n": 4, "score": 70.8333, "mean": 5.25, "share_easy": 0.75},
        _ces,
    ),
    "composite": Example(
        {"scale": {"min": 1, "max": 10}, "weights": [0.4, 0.3, 0.3], "responses": [[8, 7, 6]]},
        {"n": 1, "score": 67.7778},
        _composite,
    ),
    "expectation": Example(
        {"satisfaction": [50.0, 60, 70, 80, 90], "expectation": [40.0, 80, 60, 90, 80], "min_n": 5},
        {"beta": 0.5625, "adjusted": [66.875, 54.375, 75.625, 68.75, 84.375]},
        _expectation,
    ),
    "culture": Example(
        {
            "scale": {"min": 1, "max": 5},
            "response": {
                "interest": 5,
                "sincerity": 4,
                "reliability": 3,
                "respect": 2,
                "product_quality": 1,
                "channel_adequacy": 1,
                "technology_adequacy": 1,
            },
        },
        {
            "score": 35.7143,
            "interest": 100.0,
            "sincerity": 75.0,
            "reliability": 50.0,
            "respect": 25.0,
            "product_quality": 0.0,
            "channel_adequacy": 0.0,
            "technology_adequacy": 0.0,
            "moral": 62.5,
            "material": 0.0,
        },
        _culture,
    ),
}
_LIMITS = {
    "csat": "It does not tell how dissatisfied the others are: 1 and 3 of 5 count the same.",
    "nps": "Only answers on 0 to 10 are read; its interval is wide: some hundred answers are few.",
    "ces": (
        "It is about one contact, not the relationship; answers on the older scale 1 to 5 are turned round."
    ),
    "composite": (
        "A response counts only if what it answered holds half of the weight; see alpha before relying on it."
    ),
    "expectation": (
        "It compares groups fairly and predicts no better; with fewer than 30 responses nothing is adjusted."
    ),
    "culture": (
        "Dimensions nobody asked about are null; there are no norms to compare with but your own past."
    ),
}

METHODS = tuple(
    Method(
        code=index.code,
        kind=MethodKind.INDEX,
        title=index.title,
        formula=index.formula,
        source=index.source,
        documentation=index.documentation,
        low=index.low,
        high=index.high,
        unit=index.unit,
        example=_EXAMPLES[index.code],
        limits=(_LIMITS[index.code], _FEW),
    )
    for index in INDICES.values()
)
