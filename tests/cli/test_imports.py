"""``vefa import``: files in by command, lists, and back again."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from import_helpers import RECORD_COLUMNS, lines, many, many_records, set_up_survey
from typer.testing import CliRunner, Result

from app.cli.commands import app
from app.cli.flag_texts import as_flags
from app.domain.common.access import Actor
from app.errors import AppError
from app.jobs.imports import file_layout
from app.settings import Settings
from app.store.engine import Store

FLAGS = [
    "--column", "external_id=id", "--column", "customer_key=who", "--column", "amount=sum",
    "--column", "occurred_at=at", "--currency", "TRY", "--source", "pos",
]  # fmt: skip
Vefa = Callable[..., Result]


@pytest.fixture
def vefa(settings: Settings) -> Vefa:
    """Run a ``vefa import`` command on each database."""

    def run(*arguments: object) -> Result:
        environment = {"VEFA_DATABASE_URL": settings.database_url, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["import", *map(str, arguments)], env=environment)

    return run


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def import_id(result: Result) -> str:
    found = re.search(r"[0-9a-f-]{36}", result.stdout)
    assert found is not None, result.output
    return found[0]


def test_a_file_comes_in_and_goes_back(vefa: Vefa, tmp_path: Path) -> None:
    file = written(tmp_path / "day.csv.gz", gzip.compress(many(30)))
    result = vefa("transactions", file, *FLAGS, "--create-missing")
    assert result.exit_code == 0
    assert "30 rows in = 30 stored + 0 repeated + 0 refused\ncustomers created: 5" in result.stdout
    again = vefa("transactions", file, *FLAGS, "--create-missing")
    assert "30 rows in = 0 stored + 30 repeated + 0 refused\ncustomers created: 0" in again.stdout
    listed = vefa("list").stdout
    assert import_id(result) in listed
    assert import_id(again) in listed
    assert vefa("revert", import_id(result)).exit_code == 0
    assert "reverted" in vefa("list", "--limit", 2).stdout
    assert isinstance(vefa("revert", import_id(result)).exception, AppError)
    assert "30 stored" in vefa("transactions", file, *FLAGS, "--create-missing").stdout


def test_refused_rows_go_to_a_file(vefa: Vefa, tmp_path: Path) -> None:
    file = written(tmp_path / "day.csv", lines(["1,,5,2026-01-01", "2,C9,5,2026-01-01", "3,C9,5,nie"]))
    target = tmp_path / "refused.csv"
    result = vefa("transactions", file, *FLAGS, "--refused-to", target)
    assert "3 refused (customer_missing 1, date_unreadable 1, unknown_customer 1)" in result.stdout
    *rows, unreadable, end = target.read_bytes().decode().split("\r\n")
    assert rows == [
        "line,code,column,detail",
        "2,customer_missing,customer_key,The row names no customer.",
        "3,unknown_customer,customer_key,There is no customer with this key."
        " create_missing=true makes new ones.",
    ]
    assert unreadable.startswith("4,date_unreadable,occurred_at,")
    assert "date_format=auto reads it, such as 2026-05-31, " in unreadable
    assert end == ""


def test_reasons_are_said_with_what_to_do(vefa: Vefa, tmp_path: Path) -> None:
    rows = ["1,C1,-5,2026-01-01", "2,C1,-6,2026-01-01", "3,C1,1.000,2026-01-02", "4,C1,5,05/06/2026"]
    result = vefa("transactions", written(tmp_path / "day.csv", lines(rows)), *FLAGS, "--create-missing")
    said = result.stdout.splitlines()
    assert said[1].startswith("customers created: 0")
    assert [line.partition(": ")[0] for line in said[2:5]] == ["line 2", "line 4", "line 5"]
    assert '--kind-rule "amount<0:refund"' in said[2]
    assert "--decimal-comma" in said[3]
    assert "--date-format: %d/%m/%Y %H:%M" in said[4]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"id~who~sum~at\n", "say --delimiter"),
        (b'"id,who,sum,at"\n"1,C1,5,2026-01-01"\n', "quoted as a whole"),
        (b'[{"id": "1", "who": "C1"}]', "say --format jsonl"),
        (b'{"id": "1", "who": "C1"}\n', "say --format jsonl"),
        (b"Title\nid,who,sum,at\n", "say --skip-lines 1"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "archive"),
    ],
)
def test_a_file_that_does_not_fit_is_told_what_would(
    vefa: Vefa, tmp_path: Path, content: bytes, expected: str
) -> None:
    error = vefa("transactions", written(tmp_path / "day.csv", content), *FLAGS).exception
    assert isinstance(error, AppError)
    assert expected in as_flags(error.detail.format(**error.params)).replace("Say", "say")


def test_a_dry_run_stores_nothing(vefa: Vefa, tmp_path: Path) -> None:
    file = written(tmp_path / "day.csv", many(3))
    for _ in range(2):
        result = vefa("transactions", file, *FLAGS, "--create-missing", "--dry-run")
        assert "checked, nothing stored: 3 rows in = 3 stored" in result.stdout


def test_a_mapping_comes_from_a_file_and_flags_change_it(vefa: Vefa, tmp_path: Path) -> None:
    columns = {
        "external_id": "id",
        "customer_key": "who",
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
    }
    members = {"columns": columns, "delimiter": ";", "create_missing": True}
    mapping = written(tmp_path / "shop.json", json.dumps(members).encode())
    file = written(tmp_path / "day.csv", many(3).replace(b",", b"\t"))
    result = vefa("transactions", file, "--mapping", mapping, "--delimiter", "tab")
    assert "3 stored" in result.stdout


def test_json_lines_are_known_by_the_files_name(vefa: Vefa, tmp_path: Path) -> None:
    row = json.dumps({"id": "1", "who": "C1", "sum": 5, "at": "2026-01-01"})
    file = written(tmp_path / "day.jsonl.gz", gzip.compress(row.encode()))
    assert "1 stored" in vefa("transactions", file, *FLAGS, "--create-missing").stdout


@pytest.mark.parametrize(
    ("content", "flags", "code"),
    [
        (b"", [], "empty_file"),
        (many(1), ["--column", "category=colour"], "missing_column"),
        (many(1), ["--column", "nonsense"], "validation_failed"),
        (many(1), ["--mapping", "nobody"], "not_found"),
    ],
)
def test_an_unusable_file_or_flag_leaves_nothing(
    vefa: Vefa, tmp_path: Path, content: bytes, flags: list[Any], code: str
) -> None:
    file = written(tmp_path / "day.csv", content)
    result = vefa("transactions", file, *FLAGS, *flags)
    assert isinstance(result.exception, AppError)
    assert result.exception.code == code
    assert "day.csv" not in vefa("list").stdout


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_mapping_file_that_is_no_mapping_is_refused(vefa: Vefa, tmp_path: Path, content: bytes) -> None:
    file, mapping = written(tmp_path / "day.csv", many(1)), written(tmp_path / "shop.json", content)
    assert vefa("transactions", file, "--mapping", mapping).exit_code == 2


# --- interactions, complaints and responses


@pytest.mark.parametrize("kind", sorted(RECORD_COLUMNS))
def test_records_come_in_and_go_back(
    vefa: Vefa, tmp_path: Path, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(file_layout, "RECORD_LINES", 50)  # three batches
    set_up_survey(store, actor)
    flags = [
        part for name, source in RECORD_COLUMNS[kind].items() for part in ("--column", f"{name}={source}")
    ]
    file = written(tmp_path / "day.csv", many_records(120) + b"X,,never,1,Talk,\n")
    arguments = (kind, file, *flags, "--source", "pos", "--create-missing")
    dry = vefa(*arguments, "--dry-run")
    counted = "121 rows in = 120 stored + 0 repeated + 1 refused"
    assert f"checked, nothing stored: {counted}" in dry.stdout
    target = tmp_path / "refused.csv"
    result = vefa(*arguments, "--refused-to", target)
    assert f"done: {counted}" in result.stdout
    assert "customers created: 5\n" in result.stdout  # no word of rounded amounts
    assert target.read_text().splitlines()[1].startswith("122,")
    shown = result.stderr.splitlines()
    assert [line.split(" %")[0] for line in shown] == sorted({line.split(" %")[0] for line in shown}, key=int)
    assert shown[-1] == "100 %: 121 rows"
    assert "0 stored + 120 repeated + 1 refused" in vefa(*arguments).stdout
    assert kind in vefa("list").stdout
    assert vefa("revert", import_id(result)).exit_code == 0
    assert counted in vefa(*arguments).stdout


def test_a_mapping_of_another_kind_is_refused(vefa: Vefa, tmp_path: Path) -> None:
    members = {"kind": "complaints", "columns": RECORD_COLUMNS["complaints"], "create_missing": True}
    mapping = written(tmp_path / "desk.json", json.dumps(members).encode())
    file = written(tmp_path / "day.csv", many_records(3))
    assert "3 stored" in vefa("complaints", file, "--mapping", mapping).stdout
    refused = vefa("interactions", file, "--mapping", mapping).exception
    assert isinstance(refused, AppError)
    assert [field.code for field in refused.fields] == ["other_kind"]
    del members["kind"]  # the command says it
    mapping.write_text(json.dumps(members))
    assert "3 repeated" in vefa("complaints", file, "--mapping", mapping).stdout


# --- exit codes, and what is given twice


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        (["1,C1,5,2026-01-01", "2,C1,5,nie"], 0, "1 refused"),
        (
            ["1,C1,5,2026-01-01", "2,C1,5,nie", "3,C1,x,2026-01-01"],
            3,
            "more than half of the rows were refused",
        ),
        (["1,,5,2026-01-01", "2,C1,5,nie"], 4, "nothing could be stored"),
        ([], 0, "0 rows in"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--dry-run"]])
def test_the_exit_code_tells_of_refused_files(
    vefa: Vefa, tmp_path: Path, rows: list[str], code: int, line: str, flags: list[str]
) -> None:
    file = written(tmp_path / "day.csv", lines(rows))
    result = vefa("transactions", file, *FLAGS, "--create-missing", *flags)
    assert (result.exit_code, line in result.stdout) == (code, True)


def test_rows_that_are_stored_already_are_no_refusals(vefa: Vefa, tmp_path: Path) -> None:
    file = written(tmp_path / "day.csv", many(5))
    codes = [vefa("transactions", file, *FLAGS, "--create-missing").exit_code for _ in range(2)]
    assert codes == [0, 0]


@pytest.mark.parametrize(
    "flags",
    [
        ["--column", "amount=at"],
        ["--column", "currency=id"],
        ["--column", "currency==TRY"],
        ["--column", "external_id==row"],
    ],
)
def test_a_target_that_is_given_twice_is_refused(vefa: Vefa, tmp_path: Path, flags: list[str]) -> None:
    error = vefa("transactions", written(tmp_path / "day.csv", many(1)), *FLAGS, *flags).exception
    assert isinstance(error, AppError)
    target = flags[1].partition("=")[0]
    assert [(field.pointer, field.code) for field in error.fields] == [(f"/columns/{target}", "given_twice")]


def test_words_products_and_groups_on_the_command_line(vefa: Vefa, tmp_path: Path) -> None:
    rows = [
        "no,who,n,each,at,how",
        "1,C1,2,1.25,2026-01-01,Web",
        "1,C1,1,0.5,2026-01-01,WEB",
        "2,C1,1,1,2026-01-01,fax",
    ]
    file = written(tmp_path / "lines.csv", "\n".join(rows).encode())
    result = vefa(
        "transactions", file, "--group-by", "no", "--column", "customer_key=who", "--column", "amount=n*each",
        "--column", "occurred_at=at", "--column", "channel=how", "--value", "channel:web=app",
        "--currency", "TRY", "--create-missing",
    )  # fmt: skip
    assert "3 rows in = 2 stored + 0 repeated + 1 refused (unknown_channel 1)" in result.stdout
    assert "records of these rows: 1" in result.stdout
    assert "words that no rule names, left as they are: channel 1" in result.stdout


def test_other_values_correct_a_sale_where_the_flag_says_so(vefa: Vefa, tmp_path: Path) -> None:
    file, again = (tmp_path / name for name in ("day.csv", "again.csv"))
    written(file, lines(["1,A,10,2026-03-10", "2,A,20,2026-03-10"]))
    written(again, lines(["1,A,11,2026-03-10", "2,A,20,2026-03-10"]))
    vefa("transactions", file, *FLAGS, "--create-missing")
    refused = vefa("transactions", again, *FLAGS)
    assert "0 stored + 1 repeated + 1 refused (conflicting_duplicate 1)" in refused.stdout
    tried = vefa("transactions", again, *FLAGS, "--update", "--dry-run")
    assert "2 rows in = 0 stored + 1 updated + 1 repeated + 0 refused" in tried.stdout
    result = vefa("transactions", again, *FLAGS, "--update")
    assert "2 rows in = 0 stored + 1 updated + 1 repeated + 0 refused" in result.stdout
    assert "0 stored + 2 repeated + 0 refused" in vefa("transactions", again, *FLAGS).stdout


def test_lines_of_one_invoice_hint_at_the_flag_that_adds_them_up(vefa: Vefa, tmp_path: Path) -> None:
    file = written(
        tmp_path / "lines.csv", b"id,who,sum,at\n1,A,10,2026-03-04\n1,A,12,2026-03-04\n2,B,5,2026-03-04\n"
    )
    result = vefa("transactions", file, *FLAGS, "--create-missing", "--refused-to", tmp_path / "bad.csv")
    assert "--group-by id adds their amounts up" in result.stdout
    assert "group_by=id adds them up" in (tmp_path / "bad.csv").read_text()
    flags = [flag for flag in FLAGS if flag != "external_id=id"]
    grouped = vefa(
        "transactions", file, *flags[1:], "--source", "till", "--group-by", "id", "--create-missing"
    )
    assert "adds their amounts up" not in grouped.stdout
