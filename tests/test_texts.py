"""Every text a caller can meet exists in English, Turkish and Azerbaijani."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import errors
from app.domain.imports.refusals import Refusal
from app.errors import PROBLEMS, AppError
from app.http.validation import MESSAGES
from app.texts import catalogue, negotiate, translate

APP = Path(errors.__file__).parent
CATALOGUES = {"tr": catalogue("tr"), "az": catalogue("az")}
PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")


def error_names(trees: list[ast.Module]) -> set[str]:
    """Names of `AppError` and every class below it, those defined outside app.errors included."""
    names = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, AppError)}
    while True:
        more = {
            node.name
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and names & {getattr(base, "id", "") for base in node.bases}
        }
        if more <= names:
            return names
        names |= more


def literals(node: ast.expr, constants: dict[str, list[str]]) -> list[str]:
    """The texts an argument can be: itself, a constant of the file, or either of two."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return constants.get(name, [])
        case ast.IfExp(body=one, orelse=other):
            return literals(one, constants) + literals(other, constants)
        case ast.BoolOp(values=values):
            return [text for value in values for text in literals(value, constants)]
    return []


def constants_of(tree: ast.Module) -> dict[str, list[str]]:
    """Names that are given texts anywhere in a file, or dicts of texts."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            texts = [text for value in values for text in literals(value, {})]
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).extend(texts)
    return found


def messages() -> Iterator[str]:
    """Every message given to an error anywhere in the application."""
    trees = [ast.parse(path.read_text()) for path in sorted(APP.rglob("*.py"))]
    position = dict.fromkeys(error_names(trees), 0) | {
        "FieldError": 2,
        "MappingProblem": 2,
        "PydanticCustomError": 1,
    }
    for tree in trees:
        constants = constants_of(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in position:
                index = position[node.func.id]  # type: ignore[attr-defined]
                given = [
                    *node.args[index : index + 1],
                    *[k.value for k in node.keywords if k.arg == "detail"],
                ]
                for argument in given:
                    assert not isinstance(argument, ast.JoinedStr), "a formatted message cannot be translated"
                    yield from literals(argument, constants)


RAISED = sorted(set(messages()))
ALL = sorted(
    {
        *RAISED,
        *[reason.sentence for reason in Refusal],
        *MESSAGES.values(),
        *[text for kind in PROBLEMS.values() for text in (kind.title, kind.advice)],
    }
)


def test_the_scan_sees_the_messages() -> None:
    assert "The body is not valid JSON." in RAISED
    assert "At most {size} bytes." in RAISED
    assert len(RAISED) > 5


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_is_translated(language: str) -> None:
    assert [text for text in ALL if not CATALOGUES[language].get(text)] == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_translations_keep_the_placeholders(language: str) -> None:
    wrong = {
        text: translation
        for text, translation in CATALOGUES[language].items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(translation))
    }
    assert wrong == {}


def test_both_catalogues_have_the_same_texts() -> None:
    assert CATALOGUES["tr"].keys() == CATALOGUES["az"].keys()


def test_an_unknown_text_or_language_is_english() -> None:
    assert translate("Nobody wrote {what}.", "tr", what="this") == "Nobody wrote this."
    assert translate("Expected text.", "de") == "Expected text."
    assert translate("Expected text.", "tr") == "Metin bekleniyor."


def test_values_are_text_and_never_interpreted() -> None:
    hostile = "{0.__class__} {other} %s"
    assert translate("A {value} B", "en", value=hostile, other="x") == f"A {hostile} B"
    assert translate("A {value.__class__} {missing}", "en", value=1) == "A {value.__class__} {missing}"


def test_values_are_cut_and_cleaned() -> None:
    assert translate("{value}", "en", value="\ud800\x00\x1b[31m") == "\ufffd\ufffd\ufffd[31m"
    assert len(translate("{value}", "en", value="x" * 10_000)) == 200


def test_a_value_without_text_does_not_raise() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    assert translate("{value}", "en", value=Broken()) == "?"


@given(st.text(), st.sampled_from(["en", "tr", "az", "xx"]), st.dictionaries(st.text(min_size=1), st.text()))
def test_translate_never_raises(message: str, language: str, params: dict[str, str]) -> None:
    translate(message, language, **params)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("tr", "tr"),
        ("TR-tr", "tr"),
        ("az-Latn-AZ, en;q=0.5", "az"),
        ("de, tr;q=0.3, az;q=0.7", "az"),
        ("tr;q=0", "en"),
        ("tr-TR;q=abc,,,az", "az"),
        ("*", "en"),
        ("de-DE, fr", "en"),
        ("tr;q=2", "en"),
        (";;;q=1,=,;", "en"),
        ("tr," * 100_000, "tr"),
    ],
)
def test_language_is_negotiated(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert negotiate(header) in {"en", "tr", "az"}
