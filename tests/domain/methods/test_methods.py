"""Every method tells the truth about itself: its example is computed anew, in every language it has words."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from refresh_formulas import anchor

from app.domain.churn import MODELS, SIGNALS
from app.domain.churn.models import REGISTRY
from app.domain.churn.models.contract import CONTRACT_MODELS
from app.domain.methods import METHODS, Method
from app.domain.satisfaction import INDICES
from app.texts import LANGUAGES, translate

ROOT = Path(__file__).parents[3]
FORMULAS = (ROOT / "docs/formulas.md").read_text()
SECTIONS = {anchor(part.partition("\n")[0]): part for part in re.split(r"(?m)^#+ ", FORMULAS) if part.strip()}
ON_THE_PAGE = (
    *("csat", "nps", "ces", "composite", "expectation", "culture"),
    *("competitor_gap", "value_tiers", "logistic", "contract_value"),
)
"""Methods whose worked example the page of formulas works out too, in prose."""
EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def close(found: object, told: object) -> bool:
    """Whether what was computed is what is told, to four decimals."""
    if isinstance(told, list):
        return isinstance(found, list) and all(map(close, found, told)) and len(found) == len(told)
    if isinstance(told, float):
        return found == pytest.approx(told, abs=5e-5)
    return found == told


def test_nothing_that_makes_figures_is_left_out() -> None:
    models = {*MODELS, *REGISTRY, *CONTRACT_MODELS}
    assert set(METHODS) >= {*INDICES, *SIGNALS, *models, "value_tiers", "lifetime_value", "verdict"}


@EVERY
def test_the_example_is_what_the_method_gives(method: Method) -> None:
    example = method.example
    found = example.compute(json.loads(json.dumps(example.given)))
    assert found.keys() == example.found.keys()
    wrong = {
        name: (found[name], told) for name, told in example.found.items() if not close(found[name], told)
    }
    assert wrong == {}
    assert found


@EVERY
def test_its_title_and_limits_differ_by_language(method: Method) -> None:
    assert method.limits
    for message in (method.title, *method.limits):
        said = {translate(message, language) for language in LANGUAGES}
        assert len(said) == 3 or message in ("MBG/NBD", "BG/NBD", "MBG/CNBD-k")


def fractions_of(value: object) -> Iterator[float]:
    """The numbers of a worked example that are not whole, at any depth."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from fractions_of(item)
    elif isinstance(value, float) and not value.is_integer():
        yield value


def is_written(number: float, text: str) -> bool:
    """Whether a text has a number, rounded to the decimals it is written with.

    >>> is_written(0.490162, "0.8 [0.490, 0.943]"), is_written(-19.0506, "−19.051"), is_written(0.76, "0.7")
    (True, True, False)
    """
    written = [one.replace("−", "-") for one in re.findall(r"[−-]?\d*\.\d+", text)]
    return any(f"{number:.{len(one.partition('.')[2])}f}" == one for one in written)


@pytest.mark.parametrize("code", ON_THE_PAGE)
def test_the_page_of_formulas_has_the_same_worked_example(code: str) -> None:
    section, found = SECTIONS[METHODS[code].documentation.partition("#")[2]], METHODS[code].example.found
    assert [number for number in fractions_of(found) if not is_written(number, section)] == []
    changed = [number + 1234.5678 for number in fractions_of(found)]
    assert not any(is_written(number, section) for number in changed)


@EVERY
def test_its_documentation_is_there(method: Method) -> None:
    page, _, place = method.documentation.partition("#")
    assert page == "/docs/formulas"
    assert place in SECTIONS
