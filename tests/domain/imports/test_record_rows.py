"""Values of a file's rows: what a text spells, and what is refused before any model sees it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.imports.cells.amounts import plain_number
from app.domain.imports.cells.columns import RawBatch, tidy
from app.domain.imports.mapping import Mapping
from app.domain.imports.record_rows import ValueRows, flag, read, whole
from app.domain.imports.refusals import Refusal, Refused
from app.domain.surveys.surveys import completed

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CALL = {"external_id": "id", "started_at": "at", "channel": "=phone", "direction": "=inbound"}


def mapping(columns: dict[str, str], **members: Any) -> Mapping:
    return Mapping.from_dict({"kind": "interactions", "columns": columns, "time_zone": "UTC", **members})


def batch(columns: dict[str, list[str | None]], **members: Any) -> RawBatch:
    height = len(next(iter(columns.values())))
    texts = {name: tidy(pl.Series(name, column, pl.String)) for name, column in columns.items()}
    return RawBatch(0, pl.Series("line", range(2, 2 + height), pl.Int64), texts, **members)


def values(columns: dict[str, list[str | None]], read_as: Mapping, **members: Any) -> ValueRows:
    return read(batch(columns), read_as, now=NOW, **members)


def one(name: str, text: str | None, source: str = "x", **members: Any) -> Any:
    """The value of one cell, or why it is refused."""
    raw = {"id": ["1"], "at": ["2026-03-10"], "x": [text]}
    rows = values(raw, mapping({**CALL, name: source}, **members))
    return rows.values[0][name] if rows.values else rows.refused[0].code


# --- whole numbers and flags


@given(st.integers(-(10**14), 10**14), st.sampled_from([0, 1, 2, 4, 5]))
def test_a_whole_number_may_carry_zeros(number: int, zeros: int) -> None:
    assert whole(str(number)) == number
    assert whole(f"{number}.{'0' * zeros}") == number
    assert whole(f"{number},{'0' * zeros}", decimal_comma=True) == number


@given(st.text(max_size=12))
def test_what_is_a_whole_number_is_one_of_its_readings(text: str) -> None:
    found = whole(text)
    if isinstance(found, int):
        assert Decimal(found) == plain_number(text)


@pytest.mark.parametrize("text", ["3.5", "1e3", "1_000", "--1", "1" * 16, "five", "3,5", "½"])
def test_other_spellings_of_numbers_are_refused(text: str) -> None:
    assert whole(text) is Refusal.NOT_A_NUMBER


def test_a_thousand_or_one_is_refused_until_it_is_said() -> None:
    assert one("hold_seconds", "2.000") is Refusal.AMBIGUOUS_NUMBER
    assert one("hold_seconds", "2,000") is Refusal.AMBIGUOUS_NUMBER
    assert one("hold_seconds", "2.000", decimal_comma=True) == 2000
    assert one("hold_seconds", "2,000", decimal_comma=False) == 2000
    assert one("hold_seconds", "2.000", grouping=False) == 2


def test_a_comma_said_to_be_the_decimal_mark_is_no_point() -> None:
    assert one("talk_seconds", "3,0") == 3
    assert one("talk_seconds", "3,0", decimal_comma=True) == 3
    assert one("talk_seconds", "3.0", decimal_comma=True) is Refusal.NOT_A_NUMBER
    assert one("talk_seconds", "3,0", decimal_comma=False) is Refusal.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90.5", 91),
        ("90,4", 90),
        ("0.5", 1),
        ("83.49", 83),
        ("00:01:23.456", 83),
        ("00:01:23,500", 84),
        ("1:23.7", 84),
        ("83600 ms", 84),
        ("PT1M23.5S", 84),
    ],
)
def test_fractions_of_a_second_are_rounded(text: str, seconds: int) -> None:
    assert one("talk_seconds", text) == seconds


@pytest.mark.parametrize("text", ["0.000961", "0,0009606", "1.5 min", "12:01:23 AM"])
def test_parts_of_a_day_are_no_seconds(text: str) -> None:
    assert one("talk_seconds", text) is Refusal.NOT_A_DURATION


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:02:05", 125),
        ("0:02:05", 125),
        ("2:05", 125),
        ("125.0", 125),
        ("125,0", 125),
        ("2m 5s", 125),
        ("2m5s", 125),
        ("2 min 5 sec", 125),
        ("2 dk. 5 sn", 125),
        ("2 dəq 5 san", 125),
        ("PT2M5S", 125),
        ("1h", 3600),
        ("100:00:01", 360001),
        ("1 day, 0:00:01", 86401),
        ("1.00:00:01", 86401),
        ("75:10", 4510),
        ("NULL", None),
        ("-", None),
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert one("wait_seconds", text) == seconds


@pytest.mark.parametrize("text", ["2:65", "1:2:3:4", "a while", "2x", "5 s 2 m", ":05", "00:00:01.x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert one("wait_seconds", text) is Refusal.NOT_A_DURATION


@pytest.mark.parametrize(
    "text", ["NULL", "null", r"\N", "-", "--", "N/A", "#N/A", "NaN", "None", "(null)", "n/a"]
)
@pytest.mark.parametrize("name", ["ended_at", "talk_seconds", "resolved_on_first_contact", "agent", "notes"])
def test_nothing_written_as_something_is_nothing(name: str, text: str) -> None:
    assert one(name, text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00000000", "0/0/00", "00.00.0000 00:00:00"),
        *("0", "0.0", "00:00:00", "0000-00-00T00:00:00+00:00", "(boş)", "yok", "?", "Not set"),
        *("9999-12-31", "31.12.9999", "12/31/9999 11:59:59 PM", "9999-12-31 23:59:59.9999999", "99991231"),
        *("0001-01-01T00:00:00", "1/1/0001 12:00:00 AM", "01.01.1753", "1900-01-01 00:00:00.000"),
        *("1899-12-30", "30.12.1899 00:00:00", "1900-01-00", "2999-12-31", "01.01.1900"),
    ],
)
def test_a_day_of_zeros_is_no_day(text: str) -> None:
    assert one("ended_at", text) is None
    assert one("started_at", text) is Refusal.DATE_MISSING


@pytest.mark.parametrize("name", ["ended_at", "talk_seconds", "resolved_on_first_contact", "agent", "notes"])
def test_errors_of_formulas_are_refused(name: str) -> None:
    assert one(name, "#VALUE!") is Refusal.SPREADSHEET_ERROR


def test_keys_of_records_are_read_as_those_of_transactions() -> None:
    assert one("customer_key", '="0077"') == "0077"
    assert one("customer_key", "77.0") == "77"
    assert one("customer_key", "7.7E+12") is Refusal.KEY_OF_SPREADSHEET
    assert one("customer_key", "NULL") is None
    assert one("external_id", "1767337200.0") == "1767337200.0"  # a telephone system's own key


@pytest.mark.parametrize(
    ("text", "meant"),
    [("true", True), ("Yes", True), ("Y", True), ("1", True)]
    + [("FALSE", False), ("no", False), ("n", False), ("0", False)]
    + [("Evet", True), ("BƏLİ", True), ("E", True), ("var", True)]
    + [("HAYIR", False), ("Hayır", False), ("Xeyr", False), ("h", False), ("yok", False)]
    + [(text, Refusal.NOT_A_FLAG) for text in ("belki", "2", "x", "1.0", "")],
)
def test_yes_and_no(text: str, meant: object) -> None:
    assert flag(text) is meant


# --- instants


def test_an_instant_is_read_in_the_zone_of_the_file() -> None:
    noon = datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert one("ended_at", "10.03.2026 12:00", time_zone="Europe/Istanbul") == noon
    assert one("ended_at", "2026-03-10T12:00+03:00") == noon
    american = mapping(CALL, date_format="%m/%d/%Y %H:%M")
    rows = values({"id": ["1"], "at": ["3/14/2025 1:20"]}, american)
    assert rows.values[0]["started_at"] == datetime(2025, 3, 14, 1, 20, tzinfo=UTC)


def test_a_time_the_clocks_skipped_is_refused() -> None:
    assert one("ended_at", "2025-03-09 02:30", time_zone="America/New_York") is Refusal.TIME_SKIPPED
    first = one("ended_at", "2025-11-02 01:30", time_zone="America/New_York")
    assert first == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)


def test_a_call_over_the_repeated_hour_does_not_end_before_it_began() -> None:
    columns = {
        "id": ["1", "2", "3", "4"],
        "at": ["2025-11-02 01:50", "2025-11-02 01:10", "2025-11-02 01:50", "2025-11-02 00:59"],
        "x": ["2025-11-02 01:05", "2025-11-02 01:20", "2025-11-02 00:10", None],
    }
    rows = values(columns, mapping({**CALL, "ended_at": "x"}, time_zone="America/New_York"))
    lasted = [row["ended_at"] and row["ended_at"] - row["started_at"] for row in rows.values]
    # What lies before the start in either reading is judged by the model.
    minutes = [15, 10, -100, None]
    assert lasted == [None if minute is None else timedelta(minutes=minute) for minute in minutes]


def test_the_times_of_a_complaint_keep_their_order_over_the_repeated_hour() -> None:
    columns = {"external_id": "id", "customer_key": "id", "subject": "=Broken", "received_at": "at"}
    read_as = Mapping.from_dict(
        {
            "kind": "complaints",
            "columns": {**columns, "resolved_at": "x", "closed_at": "x"},
            "time_zone": "Europe/Berlin",
        }
    )
    rows = values({"id": ["1"], "at": ["26.10.2025 02:45"], "x": ["26.10.2025 02:15"]}, read_as)
    closed = datetime(2025, 10, 26, 1, 15, tzinfo=UTC)
    assert (rows.values[0]["resolved_at"], rows.values[0]["closed_at"]) == (closed, closed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("09/12/2011", Refusal.DATE_UNREADABLE),
        ("2026-02-30", Refusal.DATE_UNREADABLE),
        ("1899-12-29", Refusal.DATE_OUT_OF_RANGE),
        ("0000-01-01", Refusal.DATE_OUT_OF_RANGE),
        ("9998-12-31", Refusal.DATE_OUT_OF_RANGE),
        ((NOW + timedelta(days=50 * 366 + 2)).date().isoformat(), Refusal.DATE_OUT_OF_RANGE),
    ],
)
def test_days_that_cannot_be(text: str, why: Refusal) -> None:
    assert one("ended_at", text) is why


def test_two_columns_make_an_instant() -> None:
    columns = {"id": ["1", "2", "3", "4"], "day": ["2026-03-10", "2026-03-10", None, None]}
    rows = values(
        {**columns, "time": ["12:30:05", None, "12:30:05", None]}, mapping({**CALL, "started_at": "day,time"})
    )
    assert [row["started_at"] for row in rows.values] == [
        datetime(2026, 3, 10, 12, 30, 5, tzinfo=UTC),
        datetime(2026, 3, 10, tzinfo=UTC),  # a day without a time is its beginning
    ]
    assert rows.refused == [
        Refused(4, Refusal.DATE_UNREADABLE, "started_at"),
        Refused(5, Refusal.DATE_MISSING, "started_at"),
    ]


def test_two_columns_are_read_by_one_format() -> None:
    read_as = mapping({**CALL, "started_at": "day,time"}, date_format="%d/%m/%y %I:%M %p")
    rows = values({"id": ["1"], "day": ["10/03/26"], "time": ["02:05 PM"]}, read_as)
    assert rows.values[0]["started_at"] == datetime(2026, 3, 10, 14, 5, tzinfo=UTC)


# --- rows


def test_empty_cells_are_none_and_constants_are_in_every_row() -> None:
    rows = values(
        {"id": ["1"], "at": ["2026-03-10"], "x": [" "]}, mapping({**CALL, "agent": "x", "topic": "= t "})
    )
    assert rows.values == [
        {
            "external_id": "1",
            "started_at": datetime(2026, 3, 10, tzinfo=UTC),
            "channel": "phone",
            "direction": "inbound",
            "agent": None,
            "topic": "t",
        }
    ]


def test_a_row_is_refused_once_for_its_first_bad_value() -> None:
    columns = {**CALL, "direction": "x", "talk_seconds": "y"}
    rows = values(
        {"id": [None, "2"], "at": ["never", "2026-03-10"], "x": [None, None], "y": ["z", "1"]},
        mapping(columns),
    )
    assert rows.refused == [
        Refused(2, Refusal.EXTERNAL_ID_MISSING, "external_id"),
        Refused(3, Refusal.VALUE_MISSING, "direction"),
    ]
    assert (rows.rows_in, rows.values, rows.line) == (2, [], [])


def test_rows_that_could_not_be_read_are_counted() -> None:
    raw = batch({"id": ["1"], "at": ["2026-03-10"]}, refused=[Refused(1, Refusal.BAD_QUOTES)])
    rows = read(raw, mapping(CALL), now=NOW)
    assert (rows.rows_in, len(rows.values), rows.refused) == (2, 1, [Refused(1, Refusal.BAD_QUOTES)])


def test_keys_made_of_lines_need_the_digest() -> None:
    columns = {**CALL, "external_id": "=row"}
    rows = values({"at": ["2026-03-10"] * 2}, mapping(columns), file_digest="0123456789abcdef")
    assert [row["external_id"] for row in rows.values] == ["0123456789ab:2", "0123456789ab:3"]
    with pytest.raises(ValueError, match="digest"):
        values({"at": ["2026-03-10"]}, mapping(columns))


# --- answers

_ASKED = (
    {"code": "nps", "kind": "nps"},
    {"code": "why", "kind": "choice", "choices": [{"code": str(n)} for n in range(1, 5)]},
    {"code": "remark", "kind": "text"},
)
QUESTIONS = {str(question["code"]): completed(question) for question in _ASKED}
ANSWERS = {f"answer.{code}": code for code in QUESTIONS}
RESPONSE = {"external_id": "id", "survey": "=visit", "answered_at": "=2026-03-10", **ANSWERS}


def answered(nps: str | None, why: str | None, remark: str | None) -> ValueRows:
    read_as = Mapping.from_dict({"kind": "responses", "columns": RESPONSE, "time_zone": "UTC"})
    raw = {"id": ["1"], "nps": [nps], "why": [why], "remark": [remark]}
    return values(raw, read_as, questions=QUESTIONS)


def test_answers_are_read_by_the_kind_of_the_question() -> None:
    [row] = answered("9.0", "3", "7").values
    assert [row[target] for target in ANSWERS] == [9, "3", "7"]
    assert answered("nine", None, None).refused == [Refused(2, Refusal.NOT_A_NUMBER, "answer.nps")]


def test_bad_answers_do_not_take_the_good_ones_with_them() -> None:
    for bad, reason in (
        ("11", Refusal.ANSWER_OUTSIDE_SCALE),
        ("-1", Refusal.ANSWER_OUTSIDE_SCALE),
        ("99999999999", Refusal.ANSWER_OUTSIDE_SCALE),
        ("8,5", Refusal.NOT_A_NUMBER),
        ("nine", Refusal.NOT_A_NUMBER),
        ("#REF!", Refusal.SPREADSHEET_ERROR),
    ):
        [row] = answered(bad, "3", None).values
        assert (row["answer.nps"], row["answer.why"]) == (reason, "3")
        assert answered(bad, None, None).refused == [Refused(2, reason, "answer.nps")]
    [row] = answered("9", "5", "x" * 4001).values
    assert list(row.values())[-2:] == [Refusal.UNKNOWN_VALUE, Refusal.TEXT_TOO_LONG]


def test_a_response_answers_something() -> None:
    [row] = answered(None, None, "fine").values
    assert [row[target] for target in ANSWERS] == [None, None, "fine"]
    assert answered(None, " ", "").refused == [Refused(2, Refusal.NO_ANSWERS, "")]
    assert answered("N/A", "NULL", "-").refused == [Refused(2, Refusal.NO_ANSWERS, "")]
    [row] = answered("9.000", None, "none of it").values
    assert [row[target] for target in ANSWERS] == [9, None, "none of it"]


# --- anything at all

CELL = st.one_of(st.none(), st.text(max_size=30), st.sampled_from(["1", "2026-03-10", "phone", "yes", "3.0"]))


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=8))
def test_every_row_is_readable_or_refused_once(cells: list[tuple[str | None, ...]]) -> None:
    columns = {**CALL, "talk_seconds": "n", "resolved_on_first_contact": "y", "ended_at": "at,n"}
    names = ("id", "at", "n", "y")
    raw = {name: [row[place] for row in cells] for place, name in enumerate(names)}
    rows = values(raw, mapping(columns))
    assert rows.rows_in == len(cells) == len(rows.values) + len(rows.refused)
    assert len(rows.line) == len(rows.values)
    assert sorted([*rows.line, *(one.line for one in rows.refused)]) == list(range(2, 2 + len(cells)))
    for row in rows.values:
        assert not any(isinstance(value, Refusal) for value in row.values())
        assert row["external_id"]
        assert isinstance(row["started_at"], datetime)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("direction", "Inbound", "inbound"),
        ("channel", "EMAIL", "email"),
        ("purpose", "Complaint", "complaint"),
        ("sentiment", "NEGATİVE", "negative"),
        ("agent", "Ayşe K", "Ayşe K"),
    ],
)
def test_capital_letters_tell_no_other_fixed_value(name: str, text: str, value: str) -> None:
    assert one(name, text) == value


# --- callers who withheld their number


@pytest.mark.parametrize(
    "text",
    ["anonymous", "UNKNOWN", "Gizli Numara", "naməlum", "Anonim", "Misafir", "Guest", "Walk-in customer"],
)
def test_a_key_that_says_nobody_is_nobody(text: str) -> None:
    assert one("customer_key", text) is None


@pytest.mark.parametrize("text", ["C-1", "anonymous-1", "0", "Gizli Bahçe", "05321234567"])
def test_other_keys_are_somebody(text: str) -> None:
    assert one("customer_key", text) == text
