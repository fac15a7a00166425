"""What the documents promise to list, they list."""

import re
from pathlib import Path

import pytest

from app.errors import PROBLEMS
from app.settings import Settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_every_setting_is_documented() -> None:
    listed = set(re.findall(r"^\| `VEFA_(\w+)` \|", (ROOT / "docs/operating.md").read_text(), re.MULTILINE))
    assert listed == {name.upper() for name in Settings.model_fields}


def test_every_problem_code_has_advice() -> None:
    assert all(kind.title and kind.advice and 400 <= kind.status < 600 for kind in PROBLEMS.values())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document: Path) -> None:
    for name in re.findall(
        r"`((?:app|tests|docs|benchmarks|migrations|\.ci)/[\w./-]+)`", document.read_text()
    ):
        assert "things" in name or (ROOT / name).exists(), name
