"""Mappings of interactions, complaints and responses: what they accept, and what they refuse."""

from typing import Any

import pytest

from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import MappingError
from app.domain.imports.targets import FIELDS, RecordKind, Target, fields_of, find, names

COLUMNS: dict[str, dict[str, str]] = {
    "interactions": {"external_id": "id", "started_at": "at", "channel": "=phone", "direction": "way"},
    "complaints": {"external_id": "id", "customer_key": "who", "received_at": "at", "subject": "about"},
    "responses": {"external_id": "=row", "survey": "=visit", "answered_at": "at", "answer.nps": "Q1"},
}

SNAPSHOT = {"customer_key": "k", "age": "a", "left": "l"}
SHOWN = {"snapshot_on": "2026-01-31", "unit": "months"}


def mapping(kind: str, columns: dict[str, str] | None = None, **members: Any) -> Mapping:
    return Mapping.from_dict({"kind": kind, "columns": COLUMNS[kind] | (columns or {}), **members})


def problems(kind: str, columns: dict[str, str] | None = None, **members: Any) -> set[tuple[str, str]]:
    whole = {"kind": kind, "columns": COLUMNS[kind] | (columns or {}), **members}
    with pytest.raises(MappingError) as found:
        Mapping.from_dict(whole)
    return {(problem.pointer, problem.code) for problem in found.value.problems}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_mapping_is_written_down_and_read_back(kind: str) -> None:
    one = mapping(kind, time_zone="UTC", create_missing=True)
    assert one.to_dict()["kind"] == kind
    assert Mapping.from_dict(one.to_dict()) == one


def test_a_mapping_without_a_kind_is_of_transactions() -> None:
    flags = ["external_id=id", "customer_key=who", "amount=sum", "currency==TRY", "occurred_at=at"]
    assert Mapping.from_flags(flags).kind is RecordKind.TRANSACTIONS
    assert names(RecordKind.TRANSACTIONS) == [target.value for target in Target]


@pytest.mark.parametrize("kind", FIELDS)
def test_each_needed_target_must_have_a_source(kind: RecordKind) -> None:
    fields = fields_of(kind, is_snapshot=False)
    needed = {f"/columns/{name}" for name, field in fields.items() if field.required}
    with pytest.raises(MappingError) as found:
        Mapping.from_dict({"kind": kind, "columns": {}})
    missing = {problem.pointer for problem in found.value.problems if problem.code == "missing_target"}
    assert missing == needed


@pytest.mark.parametrize(
    ("kind", "columns", "members", "expected"),
    [
        ("interactions", {"amount": "sum"}, {}, ("/columns", "unknown_target")),
        ("interactions", {"answer.nps": "Q1"}, {}, ("/columns", "unknown_target")),
        ("responses", {"answer.": "Q1"}, {}, ("/columns", "unknown_target")),
        ("responses", {"answer.ş": "Q1"}, {}, ("/columns", "unknown_target")),
        ("interactions", {"started_at": "=soon"}, {}, ("/columns/started_at", "bad_source")),
        ("interactions", {"started_at": "a,b,c"}, {}, ("/columns/started_at", "bad_source")),
        ("interactions", {"started_at": "a,"}, {}, ("/columns/started_at", "bad_source")),
        ("interactions", {"started_at": "a,#0"}, {}, ("/columns/started_at", "bad_source")),
        ("interactions", {"talk_seconds": "=5.5"}, {}, ("/columns/talk_seconds", "bad_source")),
        ("interactions", {"agent": "= "}, {}, ("/columns/agent", "bad_source")),
        ("interactions", {"agent": "=" + "a" * 101}, {}, ("/columns/agent", "bad_source")),
        ("interactions", {"external_id": "=x"}, {}, ("/columns/external_id", "bad_source")),
        ("interactions", {"notes": "=a\nb"}, {}, ("/columns/notes", "bad_source")),
        (
            "interactions",
            {"resolved_on_first_contact": "=maybe"},
            {},
            ("/columns/resolved_on_first_contact", "bad_source"),
        ),
        ("interactions", {}, {"kind_rules": ["a=b:refund"]}, ("/kind_rules", "no_kinds")),
        ("responses", {"survey": "code"}, {}, ("/columns/survey", "bad_source")),
        ("responses", {"survey_version": "=0"}, {}, ("/columns/survey_version", "bad_source")),
        ("responses", {"answered_at": "=10/03/2026"}, {}, ("/columns/answered_at", "bad_source")),
        ("responses", {"answer.nps": "="}, {}, ("/columns/answer.nps", "bad_source")),
        ("complaints", {"linked_source": "system"}, {}, ("/columns/linked_source", "bad_source")),
        ("complaints", {}, {"header": False}, ("/columns/subject", "no_header")),
    ],
)
def test_what_cannot_be_used_is_told(
    kind: str, columns: dict[str, str], members: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in problems(kind, columns, **members)


def test_there_is_no_other_kind() -> None:
    with pytest.raises(MappingError) as found:
        Mapping.from_dict({"kind": "invoices", "columns": COLUMNS["complaints"]})
    assert [problem.pointer for problem in found.value.problems] == ["/kind"]


@pytest.mark.parametrize(
    ("kind", "columns", "members", "expected"),
    [
        ("customers", {"name": "n"}, {}, ("/columns", "which_customer")),
        ("customers", {"external_id": "=row", "name": "n"}, {}, ("/columns/external_id", "bad_source")),
        ("customers", {"phone": "=05332223344"}, {}, ("/columns/phone", "bad_source")),
        ("departures", {"customer_key": "k", "left_on": "d"}, {"create_missing": True},
         ("/create_missing", "not_for_kind")),
        ("departures", {"customer_key": "k"}, {}, ("/columns/left_on", "missing_target")),
        ("contract-terms", {"customer_key": "k", "known_on": "d", "phone": "p"}, {},
         ("/columns", "unknown_target")),
        ("contract-terms", {**SNAPSHOT, "known_on": "d"}, SHOWN, ("/columns/known_on", "other_shape")),
        ("contract-terms", SNAPSHOT | {"age": "=5"}, SHOWN, ("/columns/age", "bad_source")),
        ("contract-terms", {"customer_key": "k", "left": "l"}, SHOWN, ("/columns/age", "missing_target")),
        ("contract-terms", {"customer_key": "k", "age": "a"}, SHOWN, ("/columns/left", "missing_target")),
        ("contract-terms", {"customer_key": "k", "known_on": "d", "left": "l"}, {},
         ("/columns/left", "other_shape")),
        ("contract-terms", {"customer_key": "k", "known_on": "d"}, {"unit": "days"},
         ("/unit", "no_snapshot")),
        ("contract-terms", SNAPSHOT, {"snapshot_on": "2026-01-31"}, ("/unit", "missing_unit")),
        ("contract-terms", SNAPSHOT, SHOWN | {"unit": "weeks"}, ("/unit", "unknown_unit")),
        ("contract-terms", SNAPSHOT, SHOWN | {"snapshot_on": "31.01.2026"}, ("/snapshot_on", "bad_day")),
        ("contract-terms", SNAPSHOT, SHOWN | {"snapshot_on": "1899-12-31"}, ("/snapshot_on", "bad_day")),
        ("departures", {"customer_key": "k", "left_on": "d"}, {"snapshot_on": "2026-01-31"},
         ("/snapshot_on", "not_for_kind")),
    ],
)  # fmt: skip
def test_a_mapping_of_customers_says_how_to_go_on(
    kind: str, columns: dict[str, str], members: dict[str, Any], expected: tuple[str, str]
) -> None:
    with pytest.raises(MappingError) as found:
        Mapping.from_dict({"kind": kind, "columns": columns, **members})
    assert [(problem.pointer, problem.code) for problem in found.value.problems] == [expected]


def test_a_response_has_answers_and_at_most_one_subject() -> None:
    silent = {target: source for target, source in COLUMNS["responses"].items() if target != "answer.nps"}
    with pytest.raises(MappingError) as found:
        Mapping.from_dict({"kind": "responses", "columns": silent})
    assert [problem.code for problem in found.value.problems] == ["which_answers"]
    many = {f"answer.q{number}": f"Q{number}" for number in range(100)}
    assert problems("responses", many) == {("/columns", "which_answers")}
    two = {"interaction_external_id": "a", "complaint_external_id": "b"}
    assert problems("responses", two) == {(f"/columns/{target}", "one_subject") for target in two}


def test_a_wrong_date_format_is_told_once() -> None:
    assert problems("responses", {"answered_at": "=2026-01-01"}, date_format="%J") == {
        ("/date_format", "bad_date_format")
    }


def test_sources_name_each_column_once() -> None:
    one = mapping("interactions", {"started_at": "day, time", "ended_at": "day,end", "agent": "who"})
    assert one.sources() == {
        "id": "/columns/external_id",
        "day": "/columns/started_at",
        "time": "/columns/started_at",
        "way": "/columns/direction",
        "end": "/columns/ended_at",
        "who": "/columns/agent",
    }
    comma = mapping("interactions", {"agent": "who, where"})  # only instants come from two columns
    assert comma.parts("agent") == ["who, where"]


@pytest.mark.parametrize("kind", FIELDS)
def test_every_target_has_a_reading(kind: RecordKind) -> None:
    assert all(find(kind, target) is not None for target in names(kind))


@pytest.mark.parametrize("kind", FIELDS)
def test_all_targets_are_told_where_one_is_unknown(kind: RecordKind) -> None:
    with pytest.raises(MappingError) as found:
        Mapping.from_dict({"kind": kind.value, "columns": COLUMNS.get(kind.value, {}) | {"nonsense": "x"}})
    [problem] = found.value.problems
    assert all(len(str(text)) <= 200 for text in problem.params.values())  # longer ones are cut
    told = problem.detail.format(**problem.params)
    assert all(target in told for target in names(kind))
