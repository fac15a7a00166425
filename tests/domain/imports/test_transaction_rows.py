"""Rows of a file: which are accepted, as what, and why the others are refused."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.activity.transactions import TransactionKind, signed
from app.domain.common.money import parse_rounded
from app.domain.imports.cells import amounts as import_amounts
from app.domain.imports.cells.columns import RawBatch, tidy
from app.domain.imports.cells.date_formats import ANY, Reader, shapes
from app.domain.imports.cells.spreadsheets import is_nothing
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.targets import Target
from app.domain.imports.transaction_rows import Rows, validate

NOW = datetime(2026, 11, 23, tzinfo=UTC)
GOOD = {
    "external_id": "T1",
    "customer_key": "C1",
    "kind": "purchase",
    "amount": "12.30",
    "currency": "TRY",
    "occurred_at": "2026-05-01 10:00:00",
    "category": "tea",
    "channel": "store",
    "cost": "5",
}


def read(rows: list[dict[str, str | None]], *, targets: Any = None, **members: Any) -> Rows:
    """Validate rows of texts, columns named as their targets; each external id is its own unless given."""
    targets = list(GOOD) if targets is None else targets
    rules = members.get("kind_rules", [])
    columns = {name: name for name in targets if name != "kind" or not rules} | members.pop("columns", {})
    mapping = Mapping.from_dict({"columns": columns, **members})
    texts = [GOOD | {"external_id": f"T{index}"} | row for index, row in enumerate(rows)]
    raw = {name: tidy(pl.Series([row[name] for row in texts], dtype=pl.String)) for name in mapping.sources()}
    lines = pl.Series(range(2, 2 + len(rows)), dtype=pl.Int64)
    found = validate(RawBatch(0, lines, raw), mapping, now=NOW, file_digest="0123456789abcdef")
    assert found.rows_in == len(rows) == len(found.line) + len(found.refused)
    return found


def refusals(*rows: dict[str, str | None], **members: Any) -> list[tuple[str, str]]:
    return [(row.code.value, row.column) for row in read(list(rows), **members).refused]


def test_a_good_row_becomes_values() -> None:
    rows = read([{}])
    assert rows == Rows(
        line=[2],
        external_id=["T0"],
        customer_key=["C1"],
        kind=["purchase"],
        amount_minor=[1230],
        currency=["TRY"],
        occurred_at=[1_777_618_800_000_000],
        category=["tea"],
        channel=["store"],
        cost_minor=[500],
        refused=[],
        rows_in=1,
        rounded=0,
    )
    assert datetime.fromtimestamp(rows.occurred_at[0] / 1e6, UTC) == datetime(2026, 5, 1, 7, tzinfo=UTC)


def test_category_channel_and_cost_may_be_missing() -> None:
    rows = read([{"category": None, "channel": " ", "cost": ""}, {}])
    assert (rows.category, rows.channel, rows.cost_minor) == ([None, "tea"], [None, "store"], [None, 500])


def test_targets_that_are_not_mapped_are_absent_and_constants_are_shared() -> None:
    rows = read(
        [{}, {}],
        targets=["customer_key", "amount", "occurred_at"],
        columns={"external_id": "=row", "currency": "=GBP", "category": "=Çay"},
    )
    assert rows.external_id == ["0123456789ab:2", "0123456789ab:3"]
    assert (rows.kind, rows.currency, rows.category) == (["purchase"] * 2, ["GBP"] * 2, ["Çay"] * 2)
    assert (rows.channel, rows.cost_minor) == ([None, None], [None, None])


def test_ids_of_lines_need_the_digest_of_the_file() -> None:
    mapping = Mapping.from_dict({"columns": {name: name for name in GOOD} | {"external_id": "=row"}})
    raw = {name: pl.Series([GOOD[name]]) for name in mapping.sources()}
    with pytest.raises(ValueError, match="digest"):
        validate(RawBatch(0, pl.Series([1]), raw), mapping, now=NOW)


def test_no_rows_are_no_rows() -> None:
    assert read([]).line == []
    assert read([{"amount": "x"}]).currency == []


@pytest.mark.parametrize(
    ("values", "code", "column"),
    [
        ({"customer_key": None}, "customer_missing", "customer_key"),
        ({"customer_key": " \u00a0"}, "customer_missing", "customer_key"),
        ({"external_id": ""}, "external_id_missing", "external_id"),
        ({"customer_key": "a\0b"}, "control_character", "customer_key"),
        ({"external_id": "a\x85b"}, "control_character", "external_id"),
        ({"category": "a\nb"}, "control_character", "category"),
        ({"category": "a\tb"}, "control_character", "category"),
        ({"customer_key": "ç" * 201}, "text_too_long", "customer_key"),
        ({"external_id": "x" * 201}, "text_too_long", "external_id"),
        ({"category": "x" * 101}, "text_too_long", "category"),
        ({"kind": "gift"}, "unknown_kind", "kind"),
        ({"kind": None}, "unknown_kind", "kind"),
        ({"currency": None}, "currency_missing", "currency"),
        ({"currency": "trx"}, "unknown_currency", "currency"),
        ({"currency": "$"}, "unknown_currency", "currency"),
        ({"currency": "XXX"}, "unknown_currency", "currency"),
        ({"amount": None}, "amount_missing", "amount"),
        ({"amount": "1e5"}, "amount_unreadable", "amount"),
        ({"amount": "1.250"}, "ambiguous_number", "amount"),
        ({"cost": "1,250"}, "ambiguous_number", "cost"),
        ({"amount": "12 USD"}, "currency_contradicted", "amount"),
        ({"amount": "NaN"}, "amount_missing", "amount"),
        ({"amount": "#DIV/0!"}, "spreadsheet_error", "amount"),
        ({"category": "#REF!"}, "spreadsheet_error", "category"),
        ({"occurred_at": "#####"}, "spreadsheet_error", "occurred_at"),
        ({"occurred_at": "0000-00-00 00:00:00"}, "date_missing", "occurred_at"),
        ({"customer_key": "NULL"}, "customer_missing", "customer_key"),
        ({"customer_key": "8.8E+10"}, "key_of_spreadsheet", "customer_key"),
        ({"external_id": "1,2345E+15"}, "key_of_spreadsheet", "external_id"),
        ({"external_id": "N/A"}, "external_id_missing", "external_id"),
        ({"amount": "1" + "0" * 64}, "amount_unreadable", "amount"),
        ({"amount": "90000000000000.01"}, "amount_out_of_range", "amount"),
        ({"amount": "9" * 60}, "amount_out_of_range", "amount"),
        ({"amount": "-0.01"}, "negative_purchase", "amount"),
        ({"amount": "-5", "kind": "subscription_charge"}, "negative_purchase", "amount"),
        ({"occurred_at": None}, "date_missing", "occurred_at"),
        ({"occurred_at": "yesterday"}, "date_unreadable", "occurred_at"),
        ({"occurred_at": "2026-02-29"}, "date_unreadable", "occurred_at"),
        ({"occurred_at": "2026-05-01 24:00"}, "date_unreadable", "occurred_at"),
        ({"occurred_at": "09/12/2011"}, "date_unreadable", "occurred_at"),
        ({"occurred_at": "1899-12-31T23:59:59Z"}, "date_out_of_range", "occurred_at"),
        ({"occurred_at": "2077-01-01"}, "date_out_of_range", "occurred_at"),
        ({"occurred_at": "9999-12-31 23:59:59"}, "date_out_of_range", "occurred_at"),
        ({"occurred_at": "2026-11-23T00:05:01Z"}, "in_future", "occurred_at"),
        ({"occurred_at": "2060-01-01"}, "in_future", "occurred_at"),
        ({"channel": "pigeon"}, "unknown_channel", "channel"),
        ({"cost": "cheap"}, "cost_unreadable", "cost"),
        ({"cost": "9" * 20}, "cost_out_of_range", "cost"),
        ({"cost": "-1"}, "negative_cost", "cost"),
    ],
)
def test_refused_rows_say_why(values: dict[str, str | None], code: str, column: str) -> None:
    assert read([{}, values, {}]).refused == [Refused(3, Refusal(code), column)]


def test_clocks_may_differ() -> None:
    [micros] = read([{"occurred_at": "2026-11-23T00:05:00Z"}]).occurred_at
    assert datetime.fromtimestamp(micros / 1e6, UTC) == NOW + timedelta(minutes=5)


def test_every_refusal_has_a_sentence() -> None:
    assert all(code.sentence.endswith(".") for code in Refusal)
    assert Refusal.TEXT_TOO_LONG.sentence.format(column="category") == "category is too long."


def test_the_first_reason_in_the_stated_order_counts() -> None:
    wrong: list[tuple[dict[str, str | None], str]] = [
        ({"cost": "x"}, "cost_unreadable"),
        ({"channel": "x"}, "unknown_channel"),
        ({"occurred_at": "x"}, "date_unreadable"),
        ({"amount": "x"}, "amount_unreadable"),
        ({"currency": None}, "currency_missing"),
        ({"kind": "x"}, "unknown_kind"),
        ({"category": "x" * 101}, "text_too_long"),
        ({"category": "\0"}, "control_character"),
        ({"external_id": None}, "external_id_missing"),
        ({"customer_key": None}, "customer_missing"),
    ]
    order = list(Refusal)
    values: dict[str, str | None] = {}
    for row, code in wrong:
        values |= row
        assert [found for found, _ in refusals(values)] == [code]
    positions = [order.index(Refusal(code)) for _, code in wrong]
    assert positions == sorted(positions, reverse=True)


def test_keys_as_spreadsheets_protect_them_are_the_keys() -> None:
    keys = ['="00123"', "'00123", '"00123"', "\u200b00123\ufeff", "00123", "00123.0"]
    assert set(read([{"customer_key": key} for key in keys]).customer_key) == {"00123"}


def test_texts_are_composed_and_lose_what_cannot_be_seen() -> None:
    rows = read(
        [{"category": "C\u0327ay"}, {"category": "\u00c7\u200bay"}, {"category": "NULL"}, {"category": "-"}]
    )
    assert rows.category == ["Çay", "Çay", None, None]


def test_rules_look_at_cells_that_say_nothing() -> None:
    rows = read(
        [{"category": "NULL"}, {"category": None}, {"category": "x"}], kind_rules=["category=:refund"]
    )
    assert rows.kind == ["refund", "refund", "purchase"]


def test_longest_texts_and_amounts_are_accepted() -> None:
    row: dict[str, str | None] = {
        "customer_key": "ə" * 200,
        "external_id": "x" * 200,
        "category": "ş" * 100,
        "amount": "0" * 40 + "90000000000000.00",
        "occurred_at": "1900-01-01T00:00:00Z",
    }
    assert read([row]).amount_minor == [9_000_000_000_000_000]


SWAPPED = str.maketrans(",.", ".,")


def plain(text: str) -> bool:
    return re.fullmatch("-?[0-9]+([.][0-9]+)?|.*e.*|", text) is not None


decimals = st.decimals(-(10**17), 10**17, allow_nan=False, places=5)
amounts = st.one_of(
    decimals.map(lambda value: f"{value:f}"),
    st.floats(-1e6, 1e6).map(str),
    st.integers(-(10**20), 10**20).map(lambda value: f"{Decimal(value) / 1000:f}"),
    st.sampled_from(
        ["0", "-0", "-0.001", "0.005", "0.015", "0.0050000001", "90000000000000.005", "1e3", "", "-"]
    ),
    st.text("0123456789.-, ", max_size=12),
    st.integers(-(10**9), 10**9).map(lambda value: f"{value:,}"),
    st.decimals(-(10**9), 10**9, places=2).map(lambda value: f"{value:,}".translate(SWAPPED)),
)
money = st.tuples(
    amounts, st.sampled_from(["TRY", "JPY", "KWD", "CLF"]), st.sampled_from(list(TransactionKind))
)


@given(st.lists(money, min_size=1, max_size=20))
def test_plain_amounts_are_read_exactly(rows: list[tuple[str, str, TransactionKind]]) -> None:
    found = read(
        [{"amount": text, "currency": code, "kind": kind} for text, code, kind in rows if plain(text)],
        grouping=False,
    )
    rows = [row for row in rows if plain(row[0])]
    minor = dict(zip(found.line, found.amount_minor, strict=True))
    rounded = 0
    for line, (text, currency, kind) in enumerate(rows, 2):
        try:
            value, lost = parse_rounded(text.strip(), currency)
            expected = signed(kind, value)
        except ValueError:
            assert line not in minor
        else:
            assert minor[line] == expected
            rounded += lost
    assert found.rounded == rounded


@given(st.lists(money, min_size=1, max_size=20), st.sampled_from([None, True, False]), st.booleans())
def test_a_column_of_amounts_is_read_as_one_by_one(
    rows: list[tuple[str, str, TransactionKind]], decimal_comma: bool | None, grouping: bool
) -> None:
    members: dict[str, Any] = {"grouping": grouping}
    if decimal_comma is not None:
        members["decimal_comma"] = decimal_comma
    texts = [{"amount": text, "currency": code, "kind": kind, "cost": None} for text, code, kind in rows]
    found = read(texts, **members)
    minor = dict(zip(found.line, found.amount_minor, strict=True))
    why = {row.line: row.code for row in found.refused}
    for line, (text, currency, kind) in enumerate(rows, 2):
        if not text.strip() or is_nothing(text.strip()):
            assert why[line] is Refusal.AMOUNT_MISSING
            continue
        one = import_amounts.read(text.strip(), currency, **members)
        if isinstance(one, Refusal):
            assert why[line] is one
        elif line in minor:
            assert minor[line] == signed(kind, one[0])
        else:
            assert why[line] is Refusal.NEGATIVE_PURCHASE


def test_what_lowers_the_value_does_so_whichever_its_sign() -> None:
    kinds = ["refund", "refund", "cancellation", "cancellation", "purchase"]
    rows = read(
        [
            {"kind": kind, "amount": sign + "5.0050", "cost": sign + "2"}
            for kind, sign in zip(kinds, ["", "-", "", "-", ""], strict=True)
        ]
    )
    assert rows.amount_minor == [-500, -500, -500, -500, 500]
    assert rows.cost_minor == [-200, -200, -200, -200, 200]
    assert rows.rounded == 5


def test_a_row_with_two_rounded_amounts_counts_once() -> None:
    assert (
        read(
            [
                {"amount": "1.001", "cost": "1.001"},
                {"cost": "1.001"},
                {},
                {"amount": "1.001", "channel": "x"},
            ],
            grouping=False,
        ).rounded
        == 2
    )


def test_decimal_commas() -> None:
    assert read([{"amount": "1234,5", "cost": "-0,005"}], decimal_comma=True).amount_minor == [123450]
    assert read([{"amount": "1.234,50", "cost": "1.000"}], decimal_comma=True).amount_minor == [123450]
    for text in ("12.30", "1,234.50", "1,234,50"):
        assert refusals({"amount": text, "cost": None}, decimal_comma=True) == [
            ("amount_unreadable", "amount")
        ]


def test_kinds_by_rule_the_first_that_applies() -> None:
    rules = ["category=gift card:subscription_charge", "external_id^C:cancellation", "amount<0:refund"]
    rows = read(
        [
            {"category": "gift card", "external_id": "C1", "amount": "1"},
            {"external_id": "C2", "amount": "-1"},
            {"external_id": "3", "amount": "-0.5"},
            {"external_id": "c4"},
            {"external_id": "5", "category": None},
        ],
        kind_rules=rules,
    )
    assert rows.kind == ["subscription_charge", "cancellation", "refund", "cancellation", "purchase"]


@pytest.mark.parametrize(
    "text",
    ["-5.5", "(5.5)", "5.5-", "−5,50", "‐5,50", "₺-5,50", "(₺5,50)", "- 5,5 TL", "-1.234,50", "TRY -5.5"],
)
def test_a_rule_about_an_amount_reads_it_in_every_spelling(text: str) -> None:
    rows = read([{"amount": text}, {"amount": "5"}], kind_rules=["amount<0:refund"])
    assert rows.kind == ["refund", "purchase"]
    assert rows.amount_minor[0] < 0


@pytest.mark.parametrize("text", ["1.234,50", "₺ 1.234,50", "1 234,50", "1234.50", "1,234.50 TL"])
def test_a_rule_about_a_greater_amount_reads_it_in_every_spelling(text: str) -> None:
    rows = read([{"amount": text}, {"amount": "999.99"}], kind_rules=["amount>1000:subscription_charge"])
    assert rows.kind == ["subscription_charge", "purchase"]


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        (["type=R:refund"], "X"),
        (["type=S:purchase", "type=R:refund"], "H"),
        (["type=iade:refund"], "N"),
        (["type=2:refund"], "0"),
        (["type=Credit note:refund"], "Payment"),
        (["type=Satış iade:refund"], "Alış"),
        (["type=Qaytarma:refund"], "Ödəniş"),
    ],
)
def test_what_may_be_more_than_a_sale_is_an_unknown_word(rules: list[str], word: str) -> None:
    assert refusals({"type": word}, kind_rules=rules, columns={"category": "type"}) == [
        ("unknown_word", "kind")
    ]


@pytest.mark.parametrize(
    ("yes", "no"), [("E", "h"), ("Evet", "H"), ("Y", "N"), ("t", "F"), ("1", "0"), ("B", "x"), ("true", "0")]
)
def test_the_no_of_a_flag_is_a_sale(yes: str, no: str) -> None:
    rows = read(
        [{"type": yes}, {"type": no}], kind_rules=[f"type={yes}:refund"], columns={"category": "type"}
    )
    assert rows.kind == ["refund", "purchase"]


@pytest.mark.parametrize("text", ["Anonim", "misafir", "GUEST", "Walk-in", "anonymous", "Qonaq"])
def test_sales_to_nobody_make_no_customer(text: str) -> None:
    assert refusals({"customer_key": text}) == [("customer_missing", "customer_key")]


@pytest.mark.parametrize("text", ["0", "1767618309", "1767618309.5"])
def test_a_count_that_is_not_milliseconds_is_no_time(text: str) -> None:
    code = "date_missing" if text == "0" else "date_unreadable"
    assert refusals({"occurred_at": text}, date_format="%Q") == [(code, "occurred_at")]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("try", "TRY"),
        ("TL", "TRY"),
        ("₺", "TRY"),
        ("Eur", "EUR"),
        ("€", "EUR"),
        ("azn", "AZN"),
        ("manat", "AZN"),
    ],
)
def test_a_currency_has_the_words_that_stand_beside_amounts(word: str, code: str) -> None:
    assert read([{"currency": word, "amount": f"12,50 {word}"}, {}]).currency == [code, "TRY"]


@pytest.mark.parametrize("word", ["Store", "STORE", "store", "sTORE"])
def test_capital_letters_tell_no_other_channel(word: str) -> None:
    assert read([{"channel": word}, {"channel": "web"}]).channel == ["store", "web"]


def test_rules_about_missing_values_and_numbers() -> None:
    rules = ["category=:cancellation", "cost>10,5:refund".replace(",", ".")]
    rows = read(
        [{"category": " "}, {"cost": "10,50"}, {"cost": "10,51"}, {"cost": None}],
        kind_rules=rules,
        decimal_comma=True,
    )
    assert [row.code for row in rows.refused] == [Refusal.AMOUNT_UNREADABLE] * 4  # 12.30 has no comma
    rows = read([{"category": " "}, {"cost": "10.5"}, {"cost": "10.51"}, {"cost": None}], kind_rules=rules)
    assert rows.kind == ["cancellation", "purchase", "refund", "purchase"]


def test_a_constant_kind_is_what_rules_leave() -> None:
    rows = read(
        [{"external_id": "C1"}, {}],
        kind_rules=["external_id^C:cancellation"],
        columns={"kind": "=subscription_charge"},
    )
    assert rows.kind == ["cancellation", "subscription_charge"]


@pytest.mark.parametrize(
    ("text", "date_format", "utc"),
    [
        ("2026-05-01", "auto", "2026-04-30T21:00:00"),
        ("2026-05-01 10:11", "iso", "2026-05-01T07:11:00"),
        ("2026-05-01T10:11:12", "auto", "2026-05-01T07:11:12"),
        ("2026-05-01T10:11:12.123456789", "iso", "2026-05-01T07:11:12.123456"),
        ("2026-05-01T10:11:12Z", "auto", "2026-05-01T10:11:12"),
        ("2026-05-01 10:11:12.5+02", "iso", "2026-05-01T08:11:12.500000"),
        ("2026-05-01T10:11-0330", "auto", "2026-05-01T13:41:00"),
        ("2026-05-01T10:11:12+05:30", "iso", "2026-05-01T04:41:12"),
        ("20260501", "auto", "2026-04-30T21:00:00"),
        ("1.5.2026", "auto", "2026-04-30T21:00:00"),
        ("01.05.2026 10:11:12", "auto", "2026-05-01T07:11:12"),
        ("2026/05/01 10:11", "auto", "2026-05-01T07:11:00"),
        ("5/1/26 1:02 pm", "%m/%d/%y %I:%M %p", "2026-05-01T10:02:00"),
        ("12/31/2025 12:00 AM", "%m/%d/%Y %I:%M %p", "2025-12-30T21:00:00"),
        ("20260501101112", "%Y%m%d%H%M%S", "2026-05-01T07:11:12"),
        ("01 May 2026 10:11", "%d %b %Y %H:%M", "2026-05-01T07:11:00"),
        ("May 1, 2026", "%B %d, %Y", "2026-04-30T21:00:00"),
        ("2026-05-01T10:11:12.5+0000", "%Y-%m-%dT%H:%M:%S.%f%z", "2026-05-01T10:11:12.500000"),
        ("(01|05|2026)", "(%d|%m|%Y)", "2026-04-30T21:00:00"),
        ("1777618800", "%s", "2026-05-01T07:00:00"),
        ("1777618800.25", "%s", "2026-05-01T07:00:00.250000"),
        ("1777618800,123456789", "%s", "2026-05-01T07:00:00.123456"),
        ("-1.5", "%s", "1969-12-31T23:59:58.500000"),
        ("1777618800250", "%Q", "2026-05-01T07:00:00.250000"),
        ("46143", "excel", "2026-04-30T21:00:00"),
        ("46143.4174", "excel", "2026-05-01T07:01:03"),
        ("46143,4166666667", "excel", "2026-05-01T07:00:00"),
        ("2026-05-01 10:11:12 UTC", "iso", "2026-05-01T10:11:12"),
        ("2026-05-01 10:11:12 +0300", "iso", "2026-05-01T07:11:12"),
        ("2026-05-01 10:11:12 +03:00", "auto", "2026-05-01T07:11:12"),
        ("2026-05-01T10:11:12,5Z", "auto", "2026-05-01T10:11:12.500000"),
        ("2026-05-01T10:11:12+03:00[Europe/Istanbul]", "auto", "2026-05-01T07:11:12"),
        ("20260501T101112Z", "auto", "2026-05-01T10:11:12"),
        ("1.05.2026 9:05", "auto", "2026-05-01T06:05:00"),
        ("01.05.2026, 09:05:30", "auto", "2026-05-01T06:05:30"),
        ("01.05.2026 2:05 PM", "auto", "2026-05-01T11:05:00"),
        ("01.05.2026 12:05 ÖÖ", "auto", "2026-04-30T21:05:00"),
        ("1 Mayıs 2026", "auto", "2026-04-30T21:00:00"),
        ("1 MAYIS 2026 Cuma", "auto", "2026-04-30T21:00:00"),
        ("03-Nis-2026 14:05", "auto", "2026-04-03T11:05:00"),
        ("3 aprel 2026", "auto", "2026-04-02T21:00:00"),
        ("16 Ağustos 2026 23:59", "auto", "2026-08-16T20:59:00"),
        ("April 3, 2026 2:05 PM", "auto", "2026-04-03T11:05:00"),
        ("Fri, 03 Apr 2026 14:05:00 +0000", "auto", "2026-04-03T14:05:00"),
        ("Fri, 03 Apr 2026 14:05:00 GMT", "%a, %d %b %Y %H:%M:%S %z", "2026-04-03T14:05:00"),
        ("Fri Apr  3 14:05:00 2026", "auto", "2026-04-03T11:05:00"),
        ("Fri Apr 3 14:05:00 UTC 2026", "auto", "2026-04-03T14:05:00"),
        ("Cuma, 3 Nisan 26", "%A, %d %B %y", "2026-04-02T21:00:00"),
        ("3.4.26 14:05", "%d.%m.%y %H:%M", "2026-04-03T11:05:00"),
        ("2026-4-3", "auto", "2026-04-02T21:00:00"),
        ("2026/4/3 4:05", "auto", "2026-04-03T01:05:00"),
        ("2026.04.03 14:05:09", "auto", "2026-04-03T11:05:09"),
        ("03.04.2026\u00a014:05", "auto", "2026-04-03T11:05:00"),
        ("3 Nisan 2026\u202f2:05 PM", "auto", "2026-04-03T11:05:00"),
        ("4/3/2026, 2:05\u202fPM", "%m/%d/%Y, %I:%M %p", "2026-04-03T11:05:00"),
        ("2026‑04‑03", "auto", "2026-04-02T21:00:00"),
        ("٢٠٢٦-٠٤-٠٣ ١٤:٠٥", "auto", "2026-04-03T11:05:00"),
        ("3 апреля 2026 г. 14:05", "auto", "2026-04-03T11:05:00"),
        ("3. April 2026 14:05", "auto", "2026-04-03T11:05:00"),
        ("Freitag, 3. April 2026", "auto", "2026-04-02T21:00:00"),
        ("3 février 2026", "auto", "2026-02-02T21:00:00"),
        ("3. März 2026", "auto", "2026-03-02T21:00:00"),
        ("03.04.2026 saat 14:05", "auto", "2026-04-03T11:05:00"),
        ("Fri Apr 03 2026 14:05:00 GMT+0300 (GMT+03:00)", "auto", "2026-04-03T11:05:00"),
        ("Fri Apr 03 14:05:00 TRT 2026", "auto", "2026-04-03T11:05:00"),
        ("2026-04-03 14:05:00 MSK", "auto", "2026-04-03T11:05:00"),
        ("2026-04-03 14:05:00 UTC+4", "auto", "2026-04-03T10:05:00"),
        ("2026-04-03T14:05:00z", "auto", "2026-04-03T14:05:00"),
        ("20260403140509", "auto", "2026-04-03T11:05:09"),
    ],
)
def test_spellings_of_time(text: str, date_format: str, utc: str) -> None:
    [micros] = read([{"occurred_at": text}], date_format=date_format).occurred_at
    assert (datetime(1970, 1, 1) + timedelta(microseconds=micros)).isoformat() == utc  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("01.05.2026", "iso"),
        ("20260501", "iso"),
        ("26-5-1", "auto"),
        ("+2026-05-01", "auto"),
        ("2026-05-01  10:11", "auto"),
        ("2026-05-01 10:11:60", "auto"),
        ("2026-05-01 10:11[Europe/Istanbul]", "auto"),
        ("2026-05-01 10:11 EST", "auto"),
        ("2026-05-01 14:11 PM", "auto"),
        ("46115", "auto"),
        ("1777618800123", "auto"),
        ("31 Nisan 2026", "auto"),
        ("1 Mayo 2026", "auto"),
        ("Thursday, 1 May 2026", "auto"),
        ("1 Mayıs 26", "auto"),
        ("1,777,618,800", "%s"),
        ("12", "excel"),
        ("2026-05-01", "excel"),
        ("2026-05-01T10:11:12+24:00", "auto"),
        ("2026-05-01T10:11:12+0", "auto"),
        ("1700000000", "%Q"),
        ("2026-W18-5", "auto"),
        ("1777618800", "auto"),
        ("1997011", "%Y%m%d"),
        ("199701011", "%Y%m%d"),
        ("1 May 2026", "%d %m %Y"),
        ("13/13/2026", "%d/%m/%Y"),
        ("2026-05-01 10:11", "%Y-%m-%d"),
    ],
)
def test_other_spellings_of_time_are_refused(text: str, date_format: str) -> None:
    assert refusals({"occurred_at": text}, date_format=date_format) == [("date_unreadable", "occurred_at")]


def test_no_rows_date_depends_on_its_neighbours() -> None:
    texts = [
        "2026-05-01",
        "x",
        "01.05.2026",
        None,
        "20260501",
        "2026-05-01T00:00:00+03:00",
        "2026-05-01 00:00",
    ]
    rows = read([{"occurred_at": text} for text in texts])
    assert rows.line == [2, 4, 6, 7, 8]
    assert len(set(rows.occurred_at)) == 1


def test_each_spelling_of_auto_excludes_the_others() -> None:
    texts = [
        "2026-05-01",
        "2026-05-01 10:11",
        "2026-05-01T10:11:12.5+03",
        "2026/05/01",
        "1.5.2026 10:11",
        "20260501",
    ]
    for text in texts:
        plain = [shape for shape in ANY if shape.reader is not Reader.WORDS]
        assert sum(pl.Series([text]).str.contains(shape.pattern).sum() for shape in plain) == 1
    assert len(shapes("%d.%m.%Y")) == 1


def test_local_times_that_happened_twice_are_the_first_and_skipped_ones_are_refused() -> None:
    rows = read(
        [{"occurred_at": text} for text in ("2015-11-08 03:30", "2015-03-29 03:30", "2015-03-29 04:00")],
        time_zone="Europe/Istanbul",
    )
    first = datetime(2015, 11, 8, 3, 30, tzinfo=ZoneInfo("Europe/Istanbul"))
    assert rows.occurred_at[0] == first.timestamp() * 1e6
    assert rows.refused == [Refused(3, Refusal.TIME_SKIPPED, "occurred_at")]


@pytest.mark.parametrize(
    ("day", "zone", "first"),
    [
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00"),  # the clocks went from 24:00 to 1:00
        ("04.11.2018", "America/Sao_Paulo", "2018-11-04T03:00:00"),
        ("4 November 2018", "America/Sao_Paulo", "2018-11-04T03:00:00"),
        ("2022-09-11", "America/Santiago", "2022-09-11T04:00:00"),
        ("2021-03-26", "Asia/Amman", "2021-03-25T22:00:00"),
        ("2020-11-01", "America/Havana", "2020-11-01T04:00:00"),  # midnight came twice
    ],
)
def test_a_day_without_a_midnight_begins_later(day: str, zone: str, first: str) -> None:
    [micros] = read([{"occurred_at": day}], time_zone=zone).occurred_at
    assert (datetime(1970, 1, 1) + timedelta(microseconds=micros)).isoformat() == first  # noqa: DTZ001


def test_a_day_that_a_zone_left_out_is_refused() -> None:
    assert refusals({"occurred_at": "2011-12-30"}, time_zone="Pacific/Apia") == [
        ("time_skipped", "occurred_at")
    ]


@given(st.datetimes(datetime(1970, 6, 1), datetime(2026, 6, 1)), st.sampled_from(["%s", "%Q"]))  # noqa: DTZ001
def test_counts_since_1970_are_exact(at: datetime, unit: str) -> None:
    micros = (at - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001
    text = f"{Decimal(micros) / (1_000_000 if unit == '%s' else 1000):f}"
    assert read([{"occurred_at": text}], date_format=unit).occurred_at == [micros]


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2026, 6, 1)),  # noqa: DTZ001
    st.sampled_from(["Europe/Istanbul", "Asia/Baku", "Europe/London", "America/New_York", "UTC"]),
    st.sampled_from([" ", "T"]),
)
def test_local_times_are_those_of_the_zone_database(at: datetime, zone: str, between: str) -> None:
    rows = read([{"occurred_at": at.isoformat(between)}], time_zone=zone, date_format="iso")
    local = at.replace(tzinfo=ZoneInfo(zone))
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != at:
        assert [row.code for row in rows.refused] == [Refusal.TIME_SKIPPED]
    else:
        [micros] = rows.occurred_at
        assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) == local.astimezone(UTC)


def test_every_target_can_be_refused_or_read() -> None:
    assert {target.value for target in Target} == set(GOOD)
