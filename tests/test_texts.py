"""Every text a caller can meet exists in English, Turkish and Azerbaijani."""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import errors
from app.domain.activity.interactions import DISPOSITIONS
from app.domain.churn import SIGNALS
from app.domain.churn.contractual.reason_groups import OWN
from app.domain.churn.explanations.reason_groups import THEMES
from app.domain.common.messages import Message, percent
from app.domain.imports.refusals import WITH_LIMITS, Refusal
from app.domain.methods import METHODS
from app.domain.satisfaction import INDICES, competitor_measurements
from app.domain.surveys import surveys
from app.errors import AppError
from app.http import validation
from app.http.pattern_texts import LINE, OTHERWISE, PATTERNS
from app.problem_kinds import PROBLEMS
from app.texts import catalogue, negotiate, render, translate

APP = Path(errors.__file__).parent
CATALOGUES = {"tr": catalogue("tr"), "az": catalogue("az")}
GROUPS = [*THEMES.values(), *OWN]
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
    """The texts an argument can be: itself, a constant of the file, either of two, or each of several."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return constants.get(name, [])
        case ast.IfExp(body=one, orelse=other):
            return literals(one, constants) + literals(other, constants)
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.Dict(values=values):
            return [text for value in values for text in literals(value, constants)]
    return []


def constants_of(tree: ast.Module) -> dict[str, list[str]]:
    """Names that are given texts anywhere in a file, or tuples or dicts of texts."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).extend(literals(node.value, {}))
    return found


def called(call: ast.Call) -> str:
    """The name of what is called, without the module it is in."""
    name: str = getattr(call.func, "id", getattr(call.func, "attr", ""))
    return name


DESCRIBED: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("Signal", "Measured", "Index", "ChurnModel", "Method", "Listing", "RecordType"), ()),
    "ReasonGroup": (2, 3),
}
"""What has message ids in members, and in which arguments."""
MEMBERS = {"detail", "title", "sentence", "limits", "missing", "exists"}


def messages(trees: list[ast.Module]) -> Iterator[str]:
    """Every message id given to an error, to a `Message`, to a translation, or to what is described."""
    places: dict[str, tuple[int, ...]] = dict.fromkeys(error_names(trees), (0,)) | DESCRIBED
    places |= {"FieldError": (2,), "MappingProblem": (2,), "PydanticCustomError": (1,)}
    places |= {"Message": (0,), "translate": (0,), "say": (0,)}
    for tree in trees:
        constants = constants_of(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (name := called(node)) in places:
                given = [node.args[place] for place in places[name] if place < len(node.args)]
                given += [keyword.value for keyword in node.keywords if keyword.arg in MEMBERS]
                for argument in given:
                    assert not isinstance(argument, ast.JoinedStr), "a formatted message cannot be translated"
                    yield from literals(argument, constants)


def codes(trees: list[ast.Module]) -> set[str]:
    """Every code given to an error, or to what makes errors. Another error's `code` is given there already,
    and `_code_of` a status is one of `PROBLEMS`."""
    makers = {*error_names(trees), "RecordType"}
    found: set[str] = set()
    for tree in trees:
        constants = constants_of(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in makers:
                for argument in (one.value for one in node.keywords if (one.arg or "").endswith("code")):
                    named = literals(argument, constants)
                    passed_on = isinstance(argument, ast.Attribute | ast.IfExp)
                    chosen = ast.unparse(argument).startswith("_code_of(")
                    assert named or passed_on or chosen, f"no code can be read: {ast.unparse(node)}"
                    found.update(named)
    return found


def untranslated(texts: Iterable[str], language: str) -> list[str]:
    """Message ids that have no translation."""
    return sorted({text for text in texts if not CATALOGUES[language].get(text)})


def unused(texts: Iterable[str], trees: list[ast.Module]) -> list[str]:
    """Message ids that no source has as a text."""
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return sorted(set(texts) - {node.value for node in nodes if isinstance(node.value, str)})


SOURCES = [ast.parse(path.read_text()) for path in sorted(APP.rglob("*.py"))]
WALKED = set(messages(SOURCES))
ALL = {
    *WALKED,
    *[reason.sentence for reason in Refusal],
    *[sentence for _, sentence in WITH_LIMITS.values()],
    *[text for kind in PROBLEMS.values() for text in (kind.title, kind.advice)],
    *validation.MESSAGES.values(),
    *surveys.MESSAGES.values(),
    *competitor_measurements.MESSAGES.values(),
    *DISPOSITIONS.values(),
    *[*PATTERNS.values(), LINE, OTHERWISE],
}


def test_the_scan_sees_the_messages() -> None:
    assert {"The body is not valid JSON.", "At most {size} bytes."} <= WALKED
    assert {"{number} days", "{number}%", "This raises the risk.", "Problems"} <= WALKED
    registries = [*INDICES.values(), *SIGNALS.values(), *METHODS.values()]
    assert {one.title for one in registries} <= WALKED
    assert {signal.sentence for signal in SIGNALS.values()} <= WALKED
    assert {text for group in GROUPS for text in (group.sentence, group.unknown)} <= WALKED
    assert {limit for method in METHODS.values() for limit in method.limits} <= WALKED


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_is_translated(language: str) -> None:
    assert untranslated(ALL, language) == []


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize(
    "source",
    [
        'NotFoundError("Planted.")',
        'FieldError("/n", "wrong", "Planted.")',
        'Message("Planted." if n == 1 else "{number} days", {"number": n})',
        'Signal(code="x", title="Planted.", sentence="Open complaints: {value}.")',
        'Signal(code="x", title="Open complaint", sentence="Planted.")',
        'Listing(ThingQuery, rows, owner=rows.id, missing="Planted.", sorts=())',
        'recording.RecordType(Thing, path="/v1/things", exists="Planted.", exists_code="thing_exists")',
        'ReasonGroup("x", Unit.COUNT, "Open complaints: {value}.", "Planted.", measure)',
        '_FEW = "Planted."\nMethod(code="x", title="Recency", limits=(_FEW,))',
        '_SAID = ("Planted.", "This raises the risk.")\nMessage(_SAID[effect])',
    ],
)
def test_a_text_without_a_translation_is_noticed(source: str, language: str) -> None:
    assert untranslated(messages([ast.parse(source)]), language) == ["Planted."]


def test_every_code_of_a_problem_has_its_page() -> None:
    """Those given to errors, and those that are the codes of classes of errors."""
    given = codes(SOURCES)
    assert {"illegal_step", "bad_gzip", "transaction_differs"} <= given
    assert given - PROBLEMS.keys() == set()
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, AppError)]
    assert {kind.code: kind.status for kind in kinds}.items() <= {
        code: kind.status for code, kind in PROBLEMS.items()
    }.items()


@pytest.mark.parametrize(
    "source",
    [
        'raise ConflictError("The survey is not in use.", code="planted")',
        'errors.InvalidError(code="planted" if n else "empty_file")',
        '_CODE = "planted"\nNotFoundError(code=_CODE)',
        'class ImportFileError(InvalidError): ...\nImportFileError(code="planted")',
        'recording.RecordType(Thing, differs_code="planted")',
    ],
)
def test_a_code_without_a_page_is_noticed(source: str) -> None:
    assert codes([ast.parse(source)]) - PROBLEMS.keys() == {"planted"}
    with pytest.raises(AssertionError, match="no code can be read"):
        codes([ast.parse("ConflictError(code=made_up())")])


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_translation_is_used(language: str) -> None:
    assert unused(CATALOGUES[language], SOURCES) == []
    assert unused([*CATALOGUES[language], "Planted."], SOURCES) == ["Planted."]


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


def test_messages_write_numbers_as_the_language_does() -> None:
    message = Message("Changed since {period}: {before} before, {after} after.")
    split = replace(message, params={"period": "2026-07", "before": percent(12.34), "after": 1234.0})
    assert render("en", split) == "Changed since 2026-07: 12.3% before, 1234 after."
    assert render("tr", split, percent(3)) == "2026-07 döneminden beri değişti: önce %12,3, sonra 1234. %3"
    assert render("az", split) == "2026-07 dövründən bəri dəyişib: əvvəl 12,3%, sonra 1234."
    assert render("de", split) == render("en", split)


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
