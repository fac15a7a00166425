"""Rows of one key become one record; words and products on the way there."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.imports import grouping
from app.domain.imports.cells.kinds import folded
from app.domain.imports.grouping import TooManyRowsError, grouped
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal
from app.domain.imports.shaping import needs_shaping, plain, shaped
from app.domain.imports.transaction_rows import Rows, validate
from app.domain.imports.word_rules import fold
from app.jobs.imports.file_layout import batches

NOW = datetime(2026, 11, 1, tzinfo=UTC)
COLUMNS = {
    "customer_key": "who",
    "amount": "n*each",
    "currency": "=TRY",
    "occurred_at": "at",
}
HEADER = "no,who,n,each,at,type"


def mapping(**members: Any) -> Mapping:
    columns = COLUMNS | members.pop("columns", {})
    return Mapping.from_dict({"columns": columns, "group_by": "no", "time_zone": "UTC", **members})


def read(rows: list[str], asked: Mapping, most: int = 100) -> list[Rows]:
    """Batches of a file with these rows, as they are stored."""
    raws = batches("\n".join([HEADER, *rows, ""]).encode(), asked)
    if asked.group_by:
        records = grouped(raws, asked, most)
        return [validate(raw, plain(asked), now=NOW, file_digest="d" * 64) for raw in records]
    assert needs_shaping(asked)
    return [validate(shaped(raw, asked), plain(asked), now=NOW, file_digest="d" * 64) for raw in raws]


def refusals(found: Rows) -> list[tuple[int, str, str]]:
    return [(row.line, row.code.value, row.column) for row in found.refused]


def test_the_rows_of_a_key_become_one_record_wherever_they_stand() -> None:
    [found] = read(
        [
            "1,A,2,1.50,2026-05-01 10:01,",
            "2,B,1,9.99,2026-05-01 11:00,",
            "1,A,1,0.25,2026-05-01 10:00,",
            "1,A,3,1,2026-05-01 10:02,",
        ],
        mapping(),
    )
    assert (found.external_id, found.amount_minor) == (["1", "2"], [625, 999])
    assert [datetime.fromtimestamp(at / 1e6, UTC).minute for at in found.occurred_at] == [0, 0]
    assert (found.line, found.refused) == ([2, 3], [])


def test_amounts_are_exact_and_rounded_once() -> None:
    [found] = read([f"1,A,1,0.00{n},2026-05-01," for n in (4, 4, 4)], mapping())
    assert (found.amount_minor, found.rounded) == ([1], 1)
    [found] = read(["1,A,0.1,0.1,2026-05-01,"] * 100, mapping())
    assert found.amount_minor == [100]


def test_a_decimal_comma_holds_for_both_factors() -> None:
    rows = ["1;A;1,5;2,5;2026-05-01;"]
    asked = mapping(decimal_comma=True, delimiter=";")
    raws = batches("\n".join([HEADER.replace(",", ";"), *rows, ""]).encode(), asked)
    [found] = [validate(raw, plain(asked), now=NOW) for raw in grouped(raws, asked, 10)]
    assert found.amount_minor == [375]


GOOD = "1,A,1,5,2026-05-01,"
OTHER = (Refusal.ROW_OF_KEY_REFUSED.value, "external_id")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [GOOD, "1,B,1,5,2026-05-01,"],
            [(2, "rows_differ", "customer_key"), (3, "rows_differ", "customer_key")],
        ),
        (["1,A,1,x,2026-05-01,", GOOD], [(2, "amount_unreadable", "amount"), (3, *OTHER)]),
        (["1,A,,5,2026-05-01,", GOOD], [(2, "amount_missing", "amount"), (3, *OTHER)]),
        ([GOOD, "1,A,1,5,soon,"], [(2, *OTHER), (3, "date_unreadable", "occurred_at")]),
        ([",A,1,5,2026-05-01,"], [(2, "external_id_missing", "external_id")]),
        (["1,,1,5,2026-05-01,"] * 2, [(2, "customer_missing", "customer_key")]),
    ],
)
def test_a_key_is_refused_whole(rows: list[str], expected: list[tuple[int, str, str]]) -> None:
    [found] = read([*rows, "9,Z,1,7,2026-05-01,"], mapping())
    assert (refusals(found), found.external_id) == (expected, ["9"])


def test_a_row_that_cannot_be_read_refuses_the_keys_beside_it() -> None:
    rows = ["1,A,1,5,2026-05-01,", "2,A,1,5", "3,A,1,5,2026-05-01,", "4,A,1,5,2026-05-01,"]
    [found] = read(rows, mapping())
    assert found.external_id == ["4"]
    assert [(line, code) for line, code, _ in refusals(found)] == [
        (2, "row_of_key_refused"),
        (3, "row_too_short"),
        (4, "row_of_key_refused"),
    ]


def test_one_spelling_of_a_key() -> None:
    [found] = read(["1.0,A,1,5,2026-05-01,", "1,A,1,5,2026-05-01,"], mapping())
    assert (found.external_id, found.amount_minor) == (["1"], [1000])


def test_kinds_are_those_of_all_rows_or_of_their_sum() -> None:
    rules = ["n<0:refund"]
    rows = ["1,A,-1,5,2026-05-01,", "1,A,-2,5,2026-05-01,", "2,A,3,5,2026-05-01,", "2,A,-1,5,2026-05-01,"]
    [found] = read(rows, mapping(kind_rules=rules))
    assert (found.kind, found.amount_minor) == (["refund"], [-1500])
    assert refusals(found) == [(4, "rows_differ", "kind"), (5, "rows_differ", "kind")]
    [found] = read(rows, mapping(kind_rules=["amount<0:refund"]))
    assert (found.kind, found.amount_minor) == (["refund", "purchase"], [-1500, 1000])


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-50, 50)), max_size=30), st.integers(1, 7))
def test_every_row_is_in_one_record_or_refused(rows: list[tuple[str, int]], most: int) -> None:
    lines = [f"{key},A,{n},0.01,2026-05-01," for key, n in rows]
    raws = grouped(batches("\n".join([HEADER, *lines, ""]).encode(), mapping()), mapping(), most)
    found = list(raws)
    in_records = [line for raw in found for lines in raw.rows_of.values() for line in lines]
    assert sorted([*in_records, *(row.line for raw in found for row in raw.refused)]) == list(
        range(2, len(rows) + 2)
    )
    sums = {key: sum(n for other, n in rows if other == key) for key, _ in rows}
    amounts = [
        pair for raw in found for pair in zip(raw.columns["external_id"], raw.columns["amount"], strict=True)
    ]
    assert {key: round(100 * float(text)) for key, text in amounts} == sums
    assert all(len(raw.lines) <= most for raw in found)
    assert [raw.index for raw in found] == list(range(len(found)))


def test_a_file_with_too_many_rows_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MAX_ROWS", 3)
    with pytest.raises(TooManyRowsError):
        read(["1,A,1,5,2026-05-01,"] * 4, mapping())


# --- words


def test_words_get_their_values_and_others_are_counted() -> None:
    asked = mapping(
        columns={"external_id": "no", "amount": "each", "channel": "type"},
        group_by="",
        values=["channel:Web=app", "channel:MAĞAZA=store", "channel:none=", "channel:=phone"],
    )
    rows = [
        f"{n},A,1,5,2026-05-01,{word}" for n, word in enumerate(["WEB", "mağaza", "none", "", "email", "x"])
    ]
    [found] = read(rows, asked)
    assert found.channel == ["app", "store", None, "phone", "email"]
    assert refusals(found) == [(7, "unknown_channel", "channel")]
    [raw] = batches("\n".join([HEADER, *rows, ""]).encode(), asked)
    assert shaped(raw, asked).unmatched == {"channel": 2}


@pytest.mark.parametrize("word", ["İade", "iade", "İADE", "IADE", "I\u0307ade", "ıade"])
def test_a_refund_is_one_in_whatever_letters(word: str) -> None:
    asked = mapping(
        columns={"external_id": "no", "amount": "n*each"}, group_by="", kind_rules=["type=İade:refund"]
    )
    [found] = read([f"1,A,1,5,2026-05-01,{word}", "2,A,1,5,2026-05-01,satış"], asked)
    assert (found.kind, found.amount_minor) == (["refund", "purchase"], [-500, 500])


@pytest.mark.parametrize(
    ("word", "is_refused"),
    [
        ("chargeback", True),
        ("Gutschrift", True),
        ("2", True),
        ("", False),
        ("0", False),
        ("Sale", False),
        ("HAYIR", False),
        ("NULL", False),
    ],
)
def test_a_word_that_no_rule_names_is_no_income(word: str, is_refused: bool) -> None:
    asked = mapping(columns={"external_id": "no"}, group_by="", kind_rules=["type=refund:refund"])
    [found] = read([f"1,A,1,5,2026-05-01,{word}"], asked)
    assert refusals(found) == [(2, "unknown_word", "kind")] * is_refused
    said = mapping(
        columns={"external_id": "no", "kind": "=purchase"}, group_by="", kind_rules=["type=refund:refund"]
    )
    assert read([f"1,A,1,5,2026-05-01,{word}"], said)[0].kind == ["purchase"]


def test_a_rule_about_keys_or_amounts_leaves_the_others_as_they_are() -> None:
    asked = mapping(
        columns={"external_id": "no"}, group_by="", kind_rules=["no=7:refund", "each=0:cancellation"]
    )
    [found] = read(["7,A,1,5,2026-05-01,", "8,A,1,5,2026-05-01,", "9,A,1,0,2026-05-01,"], asked)
    assert found.kind == ["refund", "purchase", "cancellation"]


def test_a_number_in_a_rule_is_read_as_the_amounts_are() -> None:
    asked = mapping(
        columns={"external_id": "no"}, group_by="", decimal_comma=True, kind_rules=["type<0:refund"]
    )
    [found] = read(['1,A,1,"5,5",2026-05-01,"-1,50"', '2,A,1,"5,5",2026-05-01,"1,50"'], asked)
    assert (found.kind, found.amount_minor) == (["refund", "purchase"], [-550, 550])


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"]), max_size=12))
def test_words_are_folded_alike_one_by_one_and_by_column(text: str) -> None:
    column = pl.DataFrame({"a": [text]}).select(folded(pl.col("a"))).item()
    assert column == fold(text)
