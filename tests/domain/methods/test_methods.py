"""Every method tells the truth about itself: its example is computed anew, in every language it has words."""

import json
import re
from pathlib import Path

import pytest

from app.domain.churn import MODELS, SIGNALS
from app.domain.churn.models import REGISTRY
from app.domain.churn.models.contract import CONTRACT_MODELS
from app.domain.methods import METHODS, Method
from app.domain.satisfaction import INDICES
from app.texts import LANGUAGES, translate

ROOT = Path(__file__).parents[3]
FORMULAS = (ROOT / "docs/formulas.md").read_text()
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
        assert len(said) == 3 or message in ("MBG/NBD", "BG/NBD")


@EVERY
def test_its_documentation_is_there(method: Method) -> None:
    page, _, place = method.documentation.partition("#")
    assert page == "/docs/formulas"
    headings = re.findall(r"^#+ (.+)$", FORMULAS, re.MULTILINE)
    assert place in {heading.lower().replace(" ", "-") for heading in headings}
