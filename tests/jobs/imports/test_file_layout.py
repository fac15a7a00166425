"""Reading files: real ones, odd ones, hostile ones; always the same rows, never a crash."""

import contextlib
import csv
import gzip
import io
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.common.text import composed
from app.domain.imports.cells.columns import RawBatch
from app.domain.imports.code_pages import CODE_PAGES
from app.domain.imports.mapping import Mapping
from app.domain.imports.transaction_rows import Rows, validate
from app.jobs.imports import file_layout, record_parsing, text_decoding
from app.jobs.imports.file_layout import batches, digest, inspect
from app.jobs.imports.text_decoding import ImportFileError

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEADER = "id,who,sum,at,what\n"
ROW = "1,A,12.30,2026-05-01,tea\n"


def mapping(**members: Any) -> Mapping:
    columns = {
        "external_id": "id",
        "customer_key": "who",
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
        "category": "what",
    }
    return Mapping.from_dict({"columns": columns} | members)


def raw(source: Any, **members: Any) -> list[RawBatch]:
    return list(batches(source, mapping(**members)))


def texts(source: Any, **members: Any) -> list[tuple[int, list[str | None]]]:
    """Give each readable row's line and its texts in the order of the mapping."""
    found = []
    for batch in raw(source, **members):
        columns = [column.to_list() for column in batch.columns.values()]
        found += list(zip(batch.lines.to_list(), map(list, zip(*columns, strict=True)), strict=True))
    return found


def refused(source: Any, **members: Any) -> list[tuple[int, str]]:
    return [(row.line, row.code.value) for batch in raw(source, **members) for row in batch.refused]


def code_of(source: Any, **members: Any) -> str:
    with pytest.raises(ImportFileError) as caught:
        raw(source, **members)
    assert caught.value.status == 422
    assert caught.value.detail
    caught.value.detail.format(**caught.value.params)
    return caught.value.code


def rows_of(source: bytes, used: Mapping) -> list[Rows]:
    name = digest(source)
    return [validate(batch, used, now=NOW, file_digest=name) for batch in batches(source, used)]


# --- real files


def test_online_retail(reference_data: Path) -> None:
    used = Mapping.from_flags(
        [
            "external_id=InvoiceNo",
            "customer_key=customer_id",
            "amount=amount",
            "currency==GBP",
            "occurred_at=invoice_datetime",
        ],
        ["is_cancellation=1:cancellation"],
        time_zone="Europe/London",
    )
    found = rows_of((reference_data / "online_retail_invoices.csv.gz").read_bytes(), used)
    truths = json.loads((reference_data / "truths.json").read_text(encoding="utf-8"))
    assert sum(rows.rows_in for rows in found) == 25_900
    assert sum(len(rows.line) for rows in found) == 22_190
    assert Counter(row.code.value for rows in found for row in rows.refused) == {"customer_missing": 3_710}
    assert sum(rows.rounded for rows in found) == 4
    assert sum(sum(rows.amount_minor) for rows in found) == 830_006_581
    assert truths["online_retail"]["total_with_customer"] == pytest.approx(8_300_065.81, abs=0.01)


def test_cdnow(reference_data: Path) -> None:
    used = Mapping.from_flags(
        ["external_id==row", "customer_key=#1", "amount=#5", "currency==USD", "occurred_at=#3"],
        header=False,
        delimiter="whitespace",
        date_format="%Y%m%d",
        time_zone="UTC",
    )
    [rows] = rows_of((reference_data / "cdnow_sample.txt").read_bytes(), used)
    assert (rows.rows_in, len(rows.line), rows.refused) == (6_919, 6_919, [])
    assert sum(rows.amount_minor) == 24_409_194
    assert (rows.external_id[0], rows.customer_key[-1]) == ("6fae10155c0b:1", "23569")
    assert datetime.fromtimestamp(rows.occurred_at[0] / 1e6, UTC) == datetime(1997, 1, 1, tzinfo=UTC)


def test_raw_online_retail_lines_with_quoted_descriptions(reference_data: Path) -> None:
    path = reference_data / "online_retail_lines_2011-12-09.csv"
    used = Mapping.from_flags(
        [
            "external_id==row",
            "customer_key=CustomerID",
            "amount=UnitPrice",
            "currency==GBP",
            "occurred_at=InvoiceDate",
            "category=Description",
        ]
    )
    [rows] = rows_of(path.read_bytes(), used)
    with path.open(encoding="utf-8", newline="") as file:
        named = [row for row in csv.DictReader(file) if row["CustomerID"]]
    assert rows.rows_in == 1_632
    assert rows.category == [row["Description"].strip() for row in named]
    assert rows.customer_key == [row["CustomerID"].removesuffix(".0") for row in named]


# --- rows and lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(end: str) -> None:
    source = (HEADER + ROW + "\n" + ROW).replace("\n", end).encode()
    assert [line for line, _ in texts(source)] == [2, 4]
    assert texts(source)[0][1] == ["1", "A", "12.30", "2026-05-01", "tea"]


def test_the_last_line_needs_no_end_and_blanks_around_values_go() -> None:
    source = b"\n\n id , who,sum ,at,what\n  1, A \t,\xc2\xa012.30,2026-05-01,  "
    assert texts(source) == [(4, ["1", "A", "12.30", "2026-05-01", None])]


def test_a_header_alone_has_no_rows() -> None:
    assert texts(HEADER.encode()) == []


def test_ragged_rows_are_refused_and_the_others_read() -> None:
    source = (HEADER + ROW + "2,B,1\n" + "\n" + "3,C,1,2026-05-01,tea,cup\n" + ROW).encode()
    assert [line for line, _ in texts(source)] == [2, 6]
    assert refused(source) == [(3, "row_too_short"), (5, "row_too_long")]
    quoted = source.replace(b"tea,cup", b'"tea",cup').replace(b"2,B,1\n", b'2,B,"1"\n')
    assert refused(quoted) == refused(source)


PADDED = {"id": "1", "who": "A", "sum": "12.30", "at": "2026-05-01", "what": "tea"}


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,who,sum,at,what,", "1,A,12.30,2026-05-01,tea"),
        ("id,who,sum,at,what,", "1,A,12.30,2026-05-01,tea,"),
        ("id,who,sum,at,what", "1,A,12.30,2026-05-01,tea,,, ,"),
        ("id,who,sum,at,what,note,more", "1,A,12.30,2026-05-01,tea"),
        ("id,,who,sum,,at,what", "1,,A,12.30,x,2026-05-01,tea"),
    ],
)
def test_rows_that_programs_pad_or_close_early_are_rows(header: str, row: str, quote: str) -> None:
    row = row.replace("A", f"{quote}A{quote}").replace("tea", f"{quote}tea{quote}")
    source = f"{header}\n{row}\n".encode()
    assert texts(source) == [(2, list(PADDED.values()))]
    assert refused(source) == []


def test_a_last_row_that_nothing_ends_may_have_been_cut() -> None:
    source = ("id,who,sum,at,what,note\n" + ROW + "2,B,5,2026-05-01,te").encode()
    assert refused(source) == [(3, "row_too_short")]
    assert refused(source.removesuffix(b"te") + b'"te"') == [(3, "row_too_short")]
    assert refused(source + b"\n") == []


@pytest.mark.parametrize("blank", [";;;;", ";", " ; ;;;", ";;;;;;;;", '"";"";;;', "\t"])
def test_empty_rows_of_a_sheet_are_no_rows(blank: str) -> None:
    source = f"{HEADER}{ROW}\n{blank}\n".replace(",", ";") + f"{blank}\n" + ROW.replace(",", ";")
    found = raw(source.encode())
    assert [(batch.lines.to_list(), batch.refused) for batch in found] == [([2, 6], [])]


@pytest.mark.parametrize("end", ["\x1a", "\0" * 3000, "\x1a" + "\0" * 100, "\n\x1a", "\r\n\0", "\n;;\n\x1a"])
def test_what_fills_the_end_of_a_file_is_no_row(end: str) -> None:
    source = (HEADER + ROW.rstrip("\n")).replace(",", ";") + end
    assert [line for line, _ in texts(source.encode())] == [2]
    assert refused(source.encode()) == []


def test_lines_above_the_header_are_passed_over() -> None:
    source = "Sales of May;;;;\n\nprinted 01.06.2026\n" + (HEADER + ROW).replace(",", ";")
    assert texts(source.encode(), skip_lines=3) == [(5, list(PADDED.values()))]
    assert texts(source.encode("utf-16"), skip_lines=3)[0][0] == 5
    with pytest.raises(ImportFileError) as caught:
        raw(source.encode())
    assert caught.value.params == {"hint": 4, "skip": 3, "line": 1}
    assert code_of(source.encode(), skip_lines=1000) == "empty_file"


def test_a_missing_column_names_those_that_are_there() -> None:
    with pytest.raises(ImportFileError) as caught:
        raw(b"nr;who;sum;;at\n")
    assert caught.value.params == {"line": 1, "columns": "nr, who, sum, #4, at"}
    assert [field.pointer for field in caught.value.fields] == ["/columns/external_id", "/columns/category"]
    assert caught.value.fields[0].params == caught.value.params


@pytest.mark.parametrize(
    "header",
    [
        "ID,Who,SUM,At,What",
        "id,who,sum,at,what".upper(),
        " id , who,sum ,at,what",
        '\u200bid,who,sum,at,"what\n"',
        "\ufeffid,w\u2060ho,sum,at,what",
        "İD,WHO,SUM,AT,WHAT",
    ],
)
def test_names_of_columns_are_found_in_other_letters(header: str) -> None:
    assert [row for _, row in texts(f"{header}\n{ROW}".encode())] == [list(PADDED.values())]


def test_a_decomposed_header_is_the_composed_one() -> None:
    columns = {**mapping().columns, "category": "Müşteri türü"}
    source = f"{HEADER}{ROW}".replace("what", "Mu\u0308s\u0327teri  tu\u0308ru\u0308")
    assert texts(source.encode(), columns=columns)[0][1][-1] == "tea"


def test_one_name_twice_matters_only_where_it_is_used() -> None:
    source = (HEADER.strip() + ",note,note\n" + ROW.strip() + ",a,b\n").encode()
    assert texts(source) == [(2, list(PADDED.values()))]
    by_place = {**mapping().columns, "category": "#7"}
    assert texts(source, columns=by_place)[0][1][-1] == "b"
    with pytest.raises(ImportFileError) as caught:
        raw(source, columns={**mapping().columns, "category": "note"})
    assert caught.value.code == "duplicate_columns"
    [field] = caught.value.fields
    assert (field.pointer, field.params) == ("/columns/category", {"several": "#6, #7", "one": "#7"})
    # A name that is there as it is written is meant, whatever others there are in other letters.
    assert texts(f"{HEADER.strip()},Sum\n{ROW.strip()},7\n".encode()) == [(2, list(PADDED.values()))]
    assert (
        code_of(source.replace(b"what", b"Note"), columns=by_place | {"category": "NOTE"})
        == "duplicate_columns"
    )


def test_quoted_fields_hold_delimiters_quotes_and_line_ends() -> None:
    source = (
        HEADER
        + '1,A,1,2026-05-01,"tea, ""green"""\n'
        + '2,"B\r\nb",1,2026-05-01,"a\n\nb"\n3,C,1,2026-05-01,x'
    )
    assert texts(source.encode()) == [
        (2, ["1", "A", "1", "2026-05-01", 'tea, "green"']),
        (3, ["2", "B\nb", "1", "2026-05-01", "a\n\nb"]),
        (7, ["3", "C", "1", "2026-05-01", "x"]),
    ]
    [rows] = rows_of(source.encode(), mapping())
    assert [(row.line, row.code) for row in rows.refused] == [(3, "control_character")]


def test_quotes_in_the_middle_of_a_field_are_text() -> None:
    assert texts((HEADER + '1,A,1,2026-05-01,5" pipe\n').encode())[0][1][4] == '5" pipe'


def test_a_row_with_wrong_quotes_is_refused_alone() -> None:
    source = HEADER + '1,A,1,2026-05-01,"tea"x\n' + ROW + '2,B,1,2026-05-01,"open\n' + ROW + ROW
    assert refused(source.encode()) == [(2, "bad_quotes"), (4, "bad_quotes")]
    assert [line for line, _ in texts(source.encode())] == [3, 5, 6]


def test_a_file_without_any_order_in_its_quotes_is_given_up() -> None:
    lines = HEADER + 'a",",,,\n' * 400_000
    assert code_of(lines.encode()) == "quotes_unbalanced"
    assert code_of(b'id,who,sum,at,"what\n' + ROW.encode()) == "quotes_unbalanced"


def test_a_record_may_go_on_into_the_next_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_layout, "BATCH_LINES", 2)
    source = HEADER + ROW + '2,B,1,2026-05-01,"a\nb\nc"\n' + ROW + ROW + '3,C,1,2026-05-01,"open\n'
    found = raw(source.encode())
    assert [batch.lines.to_list() for batch in found] == [[2, 3], [6, 7], []]
    assert [batch.last_line for batch in found] == [5, 7, 8]
    assert refused(source.encode()) == [(8, "bad_quotes")]


# --- layouts


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    source = (HEADER + ROW).replace(",", delimiter).replace("12.30", '"12,30"')
    assert texts(source.encode(), decimal_comma=True)[0][1][2] == "12,30"
    assert inspect(source.encode(), mapping(), complete=True).layout.delimiter == delimiter


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    source = "1;A;1,5;2026-05-01;a,b,c,d\n2;B;2,5;2026-05-01;x\n"
    columns = {
        "external_id": "#1",
        "customer_key": "#2",
        "amount": "#3",
        "currency": "=TRY",
        "occurred_at": "#4",
    }
    assert [row[2] for _, row in texts(source.encode(), header=False, columns=columns)] == ["1,5", "2,5"]


def test_excels_sep_line_names_the_delimiter() -> None:
    source = "sep=;\r\n" + (HEADER + ROW).replace(",", ";")
    assert [line for line, _ in texts(source.encode())] == [3]
    assert [line for line, _ in texts(source.encode(), delimiter=";")] == [3]


def test_any_punctuation_may_delimit() -> None:
    for delimiter in (" ", "=", "~", "^", "\\", "$"):
        source = (HEADER + ROW).replace(",", delimiter)
        assert texts(source.encode(), delimiter=delimiter)[0][1][3] == "2026-05-01"


def test_runs_of_blanks() -> None:
    source = '  id who   sum at what \n 1  "A\t \t12.30 2026-05-01 tea\n   \n2 B 1\n'
    assert texts(source.encode(), delimiter="whitespace") == [(2, ["1", '"A', "12.30", "2026-05-01", "tea"])]
    assert refused(source.encode(), delimiter="whitespace") == [(4, "row_too_short")]


def test_columns_by_position_and_name() -> None:
    columns = {
        "external_id": "#1",
        "customer_key": "who",
        "amount": "#3",
        "currency": "=TRY",
        "occurred_at": "#4",
    }
    assert texts((HEADER + ROW).encode(), columns=columns)[0][1] == ["1", "A", "12.30", "2026-05-01"]


def test_inspect_shows_the_layout_and_the_first_rows() -> None:
    source = (HEADER + ROW * 100 + "2,B").encode()
    preview = inspect(source, mapping())
    assert (preview.layout.names, preview.layout.width) == (("id", "who", "sum", "at", "what"), 5)
    assert preview.rows.lines.to_list() == list(range(2, 22))
    assert preview.rows.refused == []
    assert inspect(gzip.compress(source)[:-12], mapping()).rows.columns["sum"].to_list() == ["12.30"] * 20
    assert inspect((HEADER + ROW + "ı").encode()[:-1], mapping()).rows.lines.to_list() == [2]
    assert inspect(HEADER[:-1].encode(), mapping()).rows.lines.to_list() == []


@pytest.mark.parametrize(
    ("sums", "options", "refused_lines"),
    [
        (["7.50", "15.001", "2"], {}, []),  # programs write points, and as many decimals as there are
        (["15.001", "2.000"], {}, [2, 3]),
        (["12,50", "15.001"], {}, [3]),
        (["7.50", "12,5", "15.001"], {}, [4]),
        (["7.50", "15,001"], {}, [3]),
        (["7,50", "15,001"], {"decimal_comma": True}, [3]),
        (["7.50", "15.001"], {"decimal_comma": False}, []),
        (["7.50", "15.001"], {"decimal_comma": False, "grouping": False}, []),
    ],
)
def test_the_first_amounts_of_a_file_can_show_its_decimal_point(
    sums: list[str], options: dict[str, Any], refused_lines: list[int]
) -> None:
    rows = "".join(f"{at};A;{text};2026-05-01;tea\n" for at, text in enumerate(sums))
    found = rows_of((HEADER.replace(",", ";") + rows).encode(), mapping(**options))
    assert [row.line for batch in found for row in batch.refused] == refused_lines
    assert {row.code.value for batch in found for row in batch.refused} <= {"ambiguous_number"}


# --- encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1254", "iso-8859-9", "utf-16"])
def test_turkish_in_every_encoding(encoding: str) -> None:
    source = (
        HEADER + ROW.replace("tea", "Iğdır çayı, ŞİŞE").replace("Iğdır çayı, ŞİŞE", '"Iğdır çayı, ŞİŞE"')
    ).encode(encoding)
    assert texts(source, encoding=encoding)[0][1][4] == "Iğdır çayı, ŞİŞE"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_enough(encoding: str) -> None:
    assert texts((HEADER + ROW.replace("tea", "çay")).encode(encoding))[0][1][4] == "çay"


def test_utf_16_without_a_mark_must_be_named() -> None:
    source = (HEADER + ROW).encode("utf-16-le")
    assert code_of(source) == "not_text"
    assert len(texts(source, encoding="utf-16")) == 1
    assert code_of(source[:-1], encoding="utf-16") == "wrong_encoding"


@pytest.mark.parametrize("encoding", ["windows-1254", "iso-8859-9", "windows-1252", "windows-1251", "cp857"])
@pytest.mark.parametrize("word", ["Özgür", "çay", "Əli", "Чай", "€ 5"])
def test_utf_8_is_not_read_as_anything_else(encoding: str, word: str) -> None:
    source = (HEADER + ROW.replace("tea", word)).encode()
    assert code_of(source, encoding=encoding) == "wrong_encoding"
    assert texts(source)[0][1][4] == word


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("windows-1254", "ÇAY ÖŞ"),
        ("windows-1251", "ЧАЙ чай"),
        ("koi8-r", "чай ЧАЙ"),
        ("cp866", "чай ЧАЙ"),
        ("cp857", "çöş"),
    ],
)
def test_letters_of_code_pages_are_not_utf_8(encoding: str, word: str) -> None:
    assert texts((HEADER + ROW.replace("tea", word)).encode(encoding), encoding=encoding)[0][1][4] == word


def test_text_that_is_not_utf_8_asks_for_its_encoding() -> None:
    source = (HEADER + ROW.replace("tea", "şeker")).encode("windows-1254")
    with pytest.raises(ImportFileError, match="encoding=windows-1254"):
        raw(source)
    assert code_of(source) == "unknown_encoding"
    assert code_of(source, encoding="utf-8") == "wrong_encoding"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1250", "Łódź – Žižkov"),
        ("windows-1251", "Бакы, «Чай»"),
        ("windows-1252", "Café “Ü” – 5 €"),
        ("windows-1254", "Iğdır “çayı”"),
        ("windows-1257", "Šķērsiela"),
        ("cp437", "Café ñ"),
        ("cp850", "Ünal ß"),
        ("cp857", "Işık Ğ"),
        ("cp866", "Чай"),
        ("iso-8859-2", "Łódź"),
        ("iso-8859-3", "Ħġ"),
        ("iso-8859-5", "Чай"),
        ("iso-8859-15", "5 € œ"),
        ("koi8-r", "Чай"),
        ("mac-turkish", "Iğdır Ş"),
        ("utf-16-le", "çay ₺"),
        ("utf-16-be", "çay ₺"),
    ],
)
def test_code_pages(encoding: str, text: str) -> None:
    source = (HEADER + ROW.replace("tea", f'"{text}"')).encode(CODE_PAGES[encoding])
    assert texts(source, encoding=encoding)[0][1][4] == text


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("CP1254", "windows-1254"),
        ("Windows_1251", "windows-1251"),
        ("UTF8", "utf-8"),
        ("ISO8859-9", "iso-8859-9"),
        ("ibm857", "cp857"),
        ("UTF-16LE", "utf-16-le"),
        ("KOI8R", "koi8-r"),
        ("latin1", "iso-8859-1"),
    ],
)
def test_encodings_have_many_names(name: str, known: str) -> None:
    assert mapping(encoding=name).encoding == known


def test_what_calls_itself_latin_1_comes_from_windows() -> None:
    source = (HEADER + ROW.replace("tea", "“tea”")).encode("cp1252")
    assert texts(source, encoding="latin-1")[0][1][4] == "“tea”"


def test_a_mark_contradicts_another_encoding() -> None:
    assert code_of((HEADER + ROW).encode("utf-8-sig"), encoding="windows-1254") == "wrong_encoding"
    assert code_of((HEADER + ROW).encode("utf-16"), encoding="utf-8") == "wrong_encoding"
    assert len(texts((HEADER + ROW).encode("utf-8-sig"), encoding="utf-8")) == 1


def test_a_wrong_encoding_is_told_with_its_line() -> None:
    source = (HEADER + ROW * 3 + ROW.replace("tea", "çay")).encode("cp1254")
    for members in ({}, {"encoding": "utf-8"}):
        with pytest.raises(ImportFileError) as caught:
            raw(source, **members)
        assert caught.value.params["line"] == 5
        assert "windows-1250 to -1258" in str(caught.value.params["known"])


# --- compression


def test_gzip_is_known_by_its_bytes_in_one_member_or_many() -> None:
    whole = (HEADER + ROW * 3).encode()
    assert len(texts(gzip.compress(whole))) == 3
    parts = gzip.compress(whole[:30]) + gzip.compress(b"") + gzip.compress(whole[30:]) + b"\0" * 100
    assert texts(parts) == texts(whole)


def test_a_file_object_and_any_chunks_read_alike() -> None:
    packed = gzip.compress((HEADER + ROW * 50).encode())
    expected = texts(packed)
    assert texts(io.BytesIO(packed)) == expected
    assert texts(packed[at : at + 1] for at in range(len(packed))) == expected
    assert digest(io.BytesIO(packed)) == digest([packed[:7], b"", packed[7:]])


def test_damaged_gzip_is_refused() -> None:
    packed = gzip.compress((HEADER + "".join(f"{n},A,1,2026-05-01,x\n" for n in range(9999))).encode())
    assert code_of(packed[:-9]) == "bad_gzip"
    assert code_of(packed[:200] + b"\xff" * 50 + packed[250:]) == "bad_gzip"
    assert code_of(packed + b"rubbish") == "bad_gzip"
    assert code_of(gzip.compress(packed)) == "not_text"


def test_a_gzip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_decoding, "FREE_TEXT", 1 << 20)
    assert code_of(gzip.compress((HEADER + ROW * 1_000_000).encode())) == "gzip_bomb"
    assert code_of(gzip.compress(b"") * 2_000) == "gzip_bomb"
    monkeypatch.setattr(text_decoding, "MAX_BYTES", 100)
    assert code_of(gzip.compress((HEADER + ROW * 9).encode())) == "gzip_bomb"


def test_a_ratio_is_judged_from_the_first_mebibyte() -> None:
    assert code_of(gzip.compress((HEADER + "\n" * (2 << 20)).encode())) == "gzip_bomb"
    few = gzip.compress((HEADER + "\n" * (1 << 19) + ROW).encode())
    assert [line for line, _ in texts(few)] == [(1 << 19) + 2]


@pytest.mark.parametrize("blank", ["\n", "\r\n"])
def test_runs_of_blank_lines_make_no_batches(blank: str) -> None:
    """Before the header, before rows and at the end; rows are told by their physical line all the same."""
    run = 3 * text_decoding.BATCH_LINES
    file = blank * run + HEADER + blank * run + ROW + blank * run + ROW + blank * run
    found = raw(file.encode())
    lines = [line for batch in found for line in batch.lines.to_list()]
    assert lines == [2 * run + 2, 3 * run + 3]
    assert len(found) <= 2


# --- files that are refused


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\r\n\n\r", "empty_file"),
        (gzip.compress(b"", mtime=0), "empty_file"),
        (b"sep=;\n", "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_text"),
        (b"PK\x03\x04" + b"\0" * 200, "not_text"),
        (b"%PDF-1.7 ...", "not_text"),
        (b"\0" * 100, "not_text"),
        (b"id,who,sum,at,what,sum\n", "duplicate_columns"),
        (b"name,name,name\na,b,c\n", "missing_column"),
        (b" <!DOCTYPE html><table><tr><td>id</td></tr></table>\n", "not_a_table"),
        (b'<?xml version="1.0"?><Workbook></Workbook>\n', "not_a_table"),
        (b"{\\rtf1 id}", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1" + b"\0" * 200, "not_text"),
        (b"external_id,name,phone,email\n1,Ad,+905321234567,a@b.co\n", "missing_column"),
        (b"," * 1000, "too_many_columns"),
        (b"x" * 2_000_000, "line_too_long"),
        (HEADER.encode() + b"x" * 2_000_000 + b"\n" + ROW.encode(), "line_too_long"),
        (HEADER.encode() + b"x" * 20_000_000, "line_too_long"),
    ],
)
def test_files_that_cannot_be_imported(source: bytes, code: str) -> None:
    assert code_of(source) == code


def test_missing_columns_are_named_by_the_members_that_ask_for_them() -> None:
    with pytest.raises(ImportFileError) as caught:
        raw(b"id,who,at\n", kind_rules=["Void=1:refund"])
    assert [field.pointer for field in caught.value.fields] == [
        "/columns/amount",
        "/columns/category",
        "/kind_rules/0",
    ]


HOSTILE = [
    "external_id,name,phone,email\n",
    "external_id;name;phone;email\n1;Ad;+905321234567;a@b.co\n",
    "external_id,name,phone,email\r1,Ad,+905321234567,a@b.co\r",
    "external_id,name,phone,email\n1,a\n",
    "external_id,name,phone,email\n1,a,b,c,d,e,f\n",
    "external_id,name,phone,email\n1,=cmd|' /C calc'!A0,,\n",
    "external_id,name,phone,email\n1,a,,\n1,b,,\n",
    'external_id,name,phone,email\n1,"a\nb",,\n',
    'external_id,name,phone,email\n1,"a,,\n',
    "external_id,name,phone,email\n1,a\0b,,\n",
    "external_id,name,phone,email\n" + "1,a,b,c\n" * 20_000,
]


@pytest.mark.parametrize("source", HOSTILE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hostile_files_end_in_rows_and_refusals(source: str, encoding: str) -> None:
    columns = {
        "external_id": "external_id",
        "customer_key": "name",
        "amount": "phone",
        "occurred_at": "email",
    }
    used = Mapping.from_dict({"columns": columns | {"currency": "=TRY"}})
    for rows in rows_of(source.encode(encoding), used):
        assert rows.rows_in == len(rows.refused)


def test_memory_is_bounded() -> None:
    chunks = (ROW.encode() * 16_000 for _ in range(200))
    tracemalloc.start()
    try:
        for batch in batches(chain([HEADER.encode()], chunks), mapping()):
            del batch
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


# --- the same rows, always

fields = st.one_of(
    st.sampled_from(
        ["", "1", "A", "12.30", "-5", "2026-05-01", "tea", " x ", "C1", '"', '""', '"a"', 'a"b', '"a""b"']
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.text('a",;\n\r\t \0\x85\u2028', max_size=6),
)
records = st.lists(st.lists(fields, min_size=1, max_size=7).map(",".join), max_size=30)
files = (
    st.tuples(records, st.sampled_from(["\n", "\r\n", "\r"]))
    .map(lambda made: (HEADER[:-1] + made[1] + made[1].join(made[0])).encode())
    .filter(lambda source: not text_decoding._looks_binary(source))
)


printable = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\r\t\x85")


@given(files)
@example((HEADER + '"",""\n"\n""",\n').encode())
def test_every_row_is_accepted_or_refused(source: bytes) -> None:
    for rows in rows_of(source, mapping()):
        assert rows.rows_in == len(rows.line) + len(rows.refused)
        assert {
            len(column) for column in (rows.external_id, rows.kind, rows.amount_minor, rows.category)
        } == {len(rows.line)}
        lines = rows.line + [row.line for row in rows.refused]
        assert len(set(lines)) == len(lines)
        assert rows.line == sorted(rows.line)


@given(files)
@example((HEADER + '\n\n,,,,,","\na"b').encode())
@example((HEADER + ',,,,,","\n').encode())
def test_polars_and_the_csv_module_agree(source: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fast = texts(source), refused(source)
        patch.setattr(record_parsing, "_is_regular", lambda block, delimiter: False)
        assert (texts(source), refused(source)) == fast


@given(st.lists(st.lists(st.text(printable, max_size=5), min_size=5, max_size=5), max_size=10))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    rows = [row for row in rows if any(cell.strip(" \t") for cell in row)]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([HEADER.strip().split(","), *rows])

    def kept(text: str) -> str | None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return composed(text).strip() or None

    assert [row for _, row in texts(out.getvalue().encode())] == [
        [kept(text) for text in row] for row in rows
    ]
    assert refused(out.getvalue().encode()) == []


@given(files, st.data())
def test_chunks_and_skipped_batches_change_nothing(source: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(source)), max_size=4)))
    parts = [source[start:end] for start, end in zip([0, *cuts], [*cuts, len(source)], strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_layout, "BATCH_LINES", 3)
        patch.setattr(text_decoding, "_looks_binary", lambda beginning: False)  # it would see less of a file
        patch.setattr(text_decoding, "_BLOCK", data.draw(st.integers(60, 200)))
        whole = shown(batches(source, mapping()))
        assert shown(batches(parts, mapping())) == whole
        skipped = data.draw(st.integers(0, len(whole) + 1))
        assert shown(batches(source, mapping(), start_batch=skipped)) == whole[skipped:]
    assert [row for batch in whole for row in batch[1]] == [line for line, _ in texts(source)]


def shown(found: Iterator[RawBatch]) -> list[Any]:
    return [
        (
            batch.index,
            batch.lines.to_list(),
            {name: column.to_list() for name, column in batch.columns.items()},
            batch.refused,
            batch.last_line,
        )
        for batch in found
    ]


@given(
    st.binary(max_size=300),
    st.sampled_from(["auto", "utf-8", "windows-1254", "utf-16"]),
    st.sampled_from(["csv", "jsonl"]),
)
@example(b"\x1f\x8b", "auto", "csv")
@example(b"[" * 5000, "auto", "jsonl")
def test_any_bytes_are_rows_or_a_refused_file(source: bytes, encoding: str, format: str) -> None:
    for start in (b"", HEADER.encode(), b'{"id": 1}\n'):
        with contextlib.suppress(ImportFileError):
            for batch in batches(start + source, mapping(encoding=encoding, format=format)):
                validate(batch, mapping(), now=NOW)


# --- JSON Lines


def test_json_lines() -> None:
    lines = [
        {"id": 1, "who": "A", "sum": "12.30", "at": "2026-05-01", "what": "çay"},
        {"id": "2", "who": "B", "sum": 12.30, "at": "2026-05-01T10:00:00Z", "more": {"x": [1]}},
        {"id": 3, "who": None, "sum": 1, "at": "2026-05-01"},
        {"id": True, "who": {"a": 1}, "sum": [1], "at": {}},
    ]
    source = "\n".join(json.dumps(line) for line in lines) + "\n\n  \n[1]\n{'id'}\nnull\n"
    found = texts(source.encode(), format="jsonl")
    assert found[0] == (1, ["1", "A", "12.30", "2026-05-01", "çay"])
    assert found[1] == (2, ["2", "B", "12.3", "2026-05-01T10:00:00Z", None])
    [rows] = rows_of(source.encode(), mapping(format="jsonl"))
    assert (rows.line, rows.amount_minor) == ([1, 2], [1230, 1230])
    assert [(row.line, row.code.value) for row in rows.refused] == [
        (3, "customer_missing"),
        (4, "control_character"),
        (7, "not_an_object"),
        (8, "not_json"),
        (9, "not_an_object"),
    ]


def test_json_numbers_of_any_size_are_texts() -> None:
    numbers = ["1e400", "-0", "9" * 5000, "0.1000000000000000055511151231257827", "1E5", "NaN", "Infinity"]
    source = "".join(
        f'{{"id": {n}, "who": "A", "at": "2026-05-01", "sum": {number}}}\n'
        for n, number in enumerate(numbers)
    )
    [rows] = rows_of(source.encode(), mapping(format="jsonl"))
    assert (rows.line, rows.amount_minor, rows.rounded) == ([2, 4, 5], [0, 10, 10_000_000], 1)
    codes = [row.code.value for row in rows.refused]
    assert codes == ["amount_unreadable", "amount_unreadable", "not_json", "not_json"]


def test_a_line_that_names_a_member_twice_is_refused() -> None:
    lines = [
        '{"id": "1", "who": "A", "sum": "1", "sum": "2", "at": "2026-05-01"}',
        '{"id": "2", "who": "A", "sum": "1", "s\\u0075m": "2", "at": "2026-05-01"}',
        '{"id": "3", "who": "A", "sum": "1", "at": "2026-05-01", "more": [{"x": 1, "x": 1}]}',
        '{"id": "4", "who": "A", "sum": "1", "at": "2026-05-01", "\u015f": 1, "s\u0327": 1}',
        '{"id": "5", "who": "A", "sum": "1", "at": "2026-05-01", "more": [{"x": 1}, {"x": 1}]}',
    ]
    [rows] = rows_of("\n".join(lines).encode(), mapping(format="jsonl"))
    assert rows.line == [5]
    assert [(row.line, row.code.value) for row in rows.refused] == [
        (line, "repeated_member") for line in (1, 2, 3, 4)
    ]


def test_hostile_json_is_refused_line_by_line() -> None:
    lines = [
        '{"id": "1", "who": "A", "sum": "1", "at": "2026-05-01", "what": "\\ud83c\\udf75"}',
        '{"id": "2", "who": "\\ud800", "sum": "1", "at": "2026-05-01"}',
        '{"id": "3", "who": "a\\u0000", "sum": "1", "at": "2026-05-01"}',
        "[" * 100_000,
        '{"id": ' + '{"a":' * 50_000,
        '{"id": "6", "who": "A", "sum": "1", "at": "2026-05-01"} x',
    ]
    [rows] = rows_of("\n".join(lines).encode(), mapping(format="jsonl"))
    assert (rows.category, [row.code.value for row in rows.refused]) == (
        ["🍵"],
        ["control_character", "control_character", "not_json", "not_json", "not_json"],
    )


def test_deeper_members_are_named_by_json_pointers() -> None:
    columns = {
        "external_id": "id",
        "customer_key": "/who/key",
        "amount": "/sum/amount",
        "currency": "/sum/currency",
    }
    line = {"id": "1", "who": {"key": "A"}, "sum": {"amount": "1.5", "currency": "KWD"}}
    source = json.dumps(line | {"a/b": {"": "2026-05-01"}}).encode() + b'\n{"who": 1}'
    found = texts(source, format="jsonl", columns=columns | {"occurred_at": "/a~1b/"})
    assert found == [(1, ["1", "A", "1.5", "KWD", "2026-05-01"]), (2, [None] * 5)]


@pytest.mark.parametrize("source", [b"[\n{}\n]\n", b"id,who\n", b"1\n", b'"x"\n'])
def test_a_file_that_does_not_begin_with_an_object_is_no_json_lines(source: bytes) -> None:
    assert code_of(source, format="jsonl") == "not_json_lines"


# --- headers among the rows


def test_a_header_that_a_program_repeats_on_each_page_is_no_row() -> None:
    header = "id;Müşteri  no;sum;at;remark"
    file = f"{header}\n1;A;5;2026-01-01;x\n{header}\n2;A;6;2026-01-01;sum\n{header}\n".encode()
    columns = {"id": "id", "who": "Müşteri no"}
    [batch] = raw(file, columns=_columns(columns))
    assert (batch.lines.to_list(), batch.headers) == ([2, 4], 2)
    [one] = raw(file.replace(b";", b"\t"), columns=_columns(columns))
    assert (one.lines.to_list(), one.headers) == ([2, 4], 2)


def test_a_row_that_shares_some_names_with_the_header_is_a_row() -> None:
    file = b"id,who,sum,at\nid,who,5,2026-01-01\n1,who,sum,at\n"
    [batch] = raw(file, columns=_columns({}))
    assert (batch.lines.to_list(), batch.headers) == ([2, 3], 0)
    only = b"word\nword\nother\n"
    [batch] = raw(only, columns={**_columns({}), **dict.fromkeys(("external_id", "customer_key"), "word"),
                                 "amount": "=5", "occurred_at": "=2026-01-01"})  # fmt: skip
    assert (batch.lines.to_list(), batch.headers) == ([2, 3], 0)


def test_without_a_header_nothing_repeats_it() -> None:
    columns = {
        "external_id": "#1",
        "customer_key": "#2",
        "amount": "#3",
        "currency": "=TRY",
        "occurred_at": "#4",
    }
    [batch] = raw(b"1,A,5,2026-01-01\n1,A,5,2026-01-01\n", columns=columns, header=False)
    assert (batch.lines.to_list(), batch.headers) == ([1, 2], 0)


def test_headers_are_counted_in_the_batch_in_which_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_layout, "BATCH_LINES", 2)
    file = b"id,who,sum,at\n" + b"1,A,5,2026-01-01\nid,who,sum,at\n" * 3
    found = raw(file, columns=_columns({}))
    assert [batch.headers for batch in found] == [1, 1, 1]
    assert [batch.lines.to_list() for batch in found] == [[2], [4], [6]]


def _columns(changed: dict[str, str]) -> dict[str, str]:
    sources = {"id": "id", "who": "who", **changed}
    return {"external_id": sources["id"], "customer_key": sources["who"], "amount": "sum", "currency": "=TRY",
            "occurred_at": "at"}  # fmt: skip


# --- numbers of JSON


@pytest.mark.parametrize(
    ("amount", "comma", "minor"),
    [
        ("1.250", None, 125),
        ("1.250", True, 125),
        ("1.250", False, 125),
        ("-0.5", True, -50),
        ("1.125e3", None, 112_500),
        ("1E2", True, 10_000),
        ("1e-2", None, 1),
        ("12", True, 1200),
        ('"1.250"', None, "ambiguous_number"),
        ('"1.250"', True, 125_000),
        ('"1,250"', None, "ambiguous_number"),
        ('"1,250"', False, 125_000),
        ("1e400", None, "amount_unreadable"),
    ],
)
def test_a_number_of_json_has_one_reading_and_a_text_is_read_as_in_tables(
    amount: str, comma: bool | None, minor: int | str
) -> None:
    line = f'{{"id":"1","who":"A","sum":{amount},"at":"2026-01-01","kind":"refund"}}\n'
    used = mapping(format="jsonl", decimal_comma=comma, kind_rules=["kind=refund:refund"])
    [rows] = rows_of(line.encode(), used)
    found = [one.code.value for one in rows.refused] or [-abs(minor) if isinstance(minor, int) else 0]
    assert found == [minor] if rows.refused else rows.amount_minor == found
