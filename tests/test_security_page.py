"""`docs/security.md` names tests that there are, and says of every chapter how it stands."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", PAGE)))


def names(tree: ast.Module) -> set[str]:
    """Tests of a module, as pytest names them behind the file."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def missing(named: list[tuple[str, str]]) -> list[str]:
    """Those of the named tests that there are not."""
    return [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).exists() or test not in names(ast.parse((ROOT / file).read_text()))
    ]


def test_the_named_tests_exist() -> None:
    assert len(NAMED) > 25
    assert missing(NAMED) == []
    assert missing([("tests/test_docs.py", "test_that_nobody_wrote"), ("tests/no.py", "test_x")]) != []


def test_every_chapter_of_asvs_has_a_state_and_what_is_met_has_a_test() -> None:
    rows = re.findall(r"^\| V(\d+) [^|]+\| ([^|]+) \| [^|]+ \| ([^|]*)\|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 18))
    for number, state, tests in rows:
        assert state.startswith(("met", "partly", "not met", "not ours")), number
        assert "::" in tests or state.startswith("not"), number
