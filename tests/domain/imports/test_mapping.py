"""Mappings: what they accept, how they are written down, and what they refuse."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.activity.transactions import TransactionKind
from app.domain.customers.customers import Channel
from app.domain.imports.kind_rules import KindRule, RuleTest
from app.domain.imports.mapping import ENCODINGS, Mapping
from app.domain.imports.sources import MappingError
from app.domain.imports.targets import Target
from app.domain.imports.word_rules import ValueRule, fold

COLUMNS = {
    "external_id": "InvoiceNo",
    "customer_key": "Customer",
    "amount": "Total",
    "currency": "=GBP",
    "occurred_at": "Date",
}


def problems(**members: object) -> set[tuple[str, str]]:
    with pytest.raises(MappingError) as caught:
        Mapping.from_dict({"columns": COLUMNS} | members)
    for problem in caught.value.problems:
        problem.detail.format(**problem.params)
    return {(problem.pointer, problem.code) for problem in caught.value.problems}


def test_the_least_mapping_names_five_targets() -> None:
    mapping = Mapping.from_dict({"columns": COLUMNS})
    assert (mapping.format, mapping.delimiter, mapping.header, mapping.encoding) == (
        "csv",
        "auto",
        True,
        "auto",
    )
    assert (mapping.customer_system, mapping.create_missing, mapping.kind_rules) == ("crm", False, ())
    assert mapping.constant(Target.CURRENCY) == "GBP"
    assert mapping.constant(Target.AMOUNT) is None
    assert mapping.constant(Target.CHANNEL) is None


@pytest.mark.parametrize("target", list(COLUMNS))
def test_each_of_the_five_is_required(target: str) -> None:
    columns = {name: source for name, source in COLUMNS.items() if name != target}
    assert problems(columns=columns) == {(f"/columns/{target}", "missing_target")}


members = st.fixed_dictionaries(
    {"columns": st.just(COLUMNS)},
    optional={
        "source": st.sampled_from(["shop", "till-4", "POS_1.b"]),
        "delimiter": st.sampled_from(["auto", "whitespace", ",", ";", "\t", "|", " "]),
        "encoding": st.sampled_from(ENCODINGS),
        "kind_rules": st.lists(
            st.sampled_from(
                ["Void=1:cancellation", "InvoiceNo^C:cancellation", "amount<0:refund", "#3>5:purchase"]
            ),
            max_size=4,
        ),
        "date_format": st.sampled_from(
            ["iso", "auto", "%d.%m.%Y %H:%M", "%Y%m%d%H%M%S", "%m/%d/%y %I:%M %p"]
        ),
        "time_zone": st.sampled_from(["UTC", "Asia/Baku", "Europe/Istanbul"]),
        "decimal_comma": st.booleans(),
        "create_missing": st.booleans(),
        "values": st.lists(st.sampled_from(["occurred_at:never=", "occurred_at:=2026-01-01"]), unique=True),
    },
)


@given(members)
def test_json_and_back_gives_the_same_mapping(data: dict[str, object]) -> None:
    mapping = Mapping.from_dict(data)
    written = json.loads(json.dumps(mapping.to_dict()))
    assert Mapping.from_dict(written) == mapping
    assert {name: written[name] for name in data} == data


def test_flags_give_the_same_mapping_as_json() -> None:
    flags = [f"{target}={source}" for target, source in COLUMNS.items()]
    mapping = Mapping.from_flags(flags, ["Total<0:refund"], delimiter=";", encoding=None)
    assert mapping == Mapping.from_dict(
        {"columns": COLUMNS, "kind_rules": ["Total<0:refund"], "delimiter": ";"}
    )


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["amount"], ("/columns", "not_a_column_flag")),
        ([" = Total"], ("/columns", "not_a_column_flag")),
        (["=Total"], ("/columns", "not_a_column_flag")),
        (["amount=a", "amount=b"], ("/columns/amount", "given_twice")),
        (["currency=cur", "currency==TRY"], ("/columns/currency", "given_twice")),
        (["amount=a", " amount =a"], ("/columns/amount", "given_twice")),
    ],
)
def test_a_column_flag_names_a_target_and_a_source_once(flags: list[str], expected: tuple[str, str]) -> None:
    with pytest.raises(MappingError) as found:
        Mapping.from_flags(flags)
    assert [(problem.pointer, problem.code) for problem in found.value.problems] == [expected]


def test_a_name_after_the_equals_sign_may_hold_more_of_them() -> None:
    mapping = Mapping.from_flags(
        [f"{target}={source}" for target, source in COLUMNS.items()] + ["category=a=b"]
    )
    assert mapping.columns["category"] == "a=b"


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("colour", "red", "unknown_member"),
        ("header", "yes", "wrong_type"),
        ("columns", [], "wrong_type"),
        ("columns", COLUMNS | {"amount": 5}, "wrong_type"),
        ("kind_rules", "a=1:refund", "wrong_type"),
        ("kind_rules", [1], "wrong_type"),
        ("source", None, "wrong_type"),
        ("source", "", "bad_name"),
        ("source", " shop", "bad_name"),
        ("source", "mağ:aza", "bad_name"),
        ("source", "a\0b", "bad_name"),
        ("source", "\ud800", "bad_name"),
        ("customer_system", "x" * 65, "bad_name"),
        ("format", "xlsx", "unknown_format"),
        ("delimiter", ",,", "bad_delimiter"),
        ("delimiter", "", "bad_delimiter"),
        ("delimiter", '"', "bad_delimiter"),
        ("delimiter", "\n", "bad_delimiter"),
        ("delimiter", "a", "bad_delimiter"),
        ("delimiter", "§", "bad_delimiter"),
        ("encoding", "ebcdic", "unknown_encoding"),
        ("time_zone", "Mars/Olympus", "unknown_time_zone"),
        ("time_zone", "localtime", "unknown_time_zone"),
        ("time_zone", "../../etc/passwd", "unknown_time_zone"),
        ("date_format", "", "bad_date_format"),
        ("date_format", "%Y-%m", "bad_date_format"),
        ("date_format", "%d.%m.%Y %H", "bad_date_format"),
        ("date_format", "%d.%m.%Y %I:%M", "bad_date_format"),
        ("date_format", "%Y-%m-%d %Y", "bad_date_format"),
        ("date_format", "%Y-%m-%d %Q", "bad_date_format"),
        ("date_format", "%Y-%m-%d %", "bad_date_format"),
        ("date_format", "%Y-%m-%d %H:%M:%S%f", "bad_date_format"),
        ("date_format", "%Y-%m-%d" + "-" * 50, "bad_date_format"),
        ("kind_rules", ["a=1:refund"] * 21, "too_many_rules"),
        ("columns", COLUMNS | {"colour": "c"}, "unknown_target"),
    ],
)
def test_what_cannot_be_used_is_refused(member: str, value: object, code: str) -> None:
    assert {found for _, found in problems(**{member: value})} == {code}


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("currency", "=gbp"),
        ("currency", "=XXX"),
        ("kind", "=gift"),
        ("kind", "="),
        ("channel", "=pigeon"),
        ("category", "=" + "x" * 101),
        ("category", "=a\tb"),
        ("amount", "=twelve"),
        ("amount", "a*b*c"),
        ("customer_key", "= "),
        ("occurred_at", "=tomorrow"),
        ("occurred_at", "day,time,zone"),
        ("external_id", "=1"),
        ("cost", "=1e3"),
        ("amount", ""),
        ("amount", "x" * 201),
        ("amount", "a\nb"),
        ("amount", "#0"),
        ("amount", "#1001"),
        ("amount", "#x"),
    ],
)
def test_sources_are_bounded_and_constants_fit_their_target(target: str, source: str) -> None:
    assert problems(columns=COLUMNS | {target: source}) == {(f"/columns/{target}", "bad_source")}


@pytest.mark.parametrize("channel", list(Channel))
def test_constants_that_fit(channel: Channel) -> None:
    constants = {
        "external_id": "=row",
        "kind": "=subscription_charge",
        "category": "=Çay",
        "channel": f"={channel.value}",
    }
    assert Mapping.from_dict({"columns": COLUMNS | constants}).constant(Target.CHANNEL) == channel


def test_without_a_header_columns_are_positions() -> None:
    wrong = problems(header=False, kind_rules=["Void=1:refund"])
    named = {f"/columns/{target}" for target in COLUMNS if target != "currency"} | {"/kind_rules/0"}
    assert wrong == {(pointer, "no_header") for pointer in named}


def test_json_lines_have_no_positions() -> None:
    assert problems(format="jsonl", columns=COLUMNS | {"amount": "#2"}) == {("/columns/amount", "bad_source")}


def test_the_kind_comes_from_a_column_or_from_rules() -> None:
    wrong = problems(columns=COLUMNS | {"kind": "Type"}, kind_rules=["Void=1:cancellation"])
    assert wrong == {("/kind_rules", "two_kinds")}


def test_everything_wrong_is_said_at_once() -> None:
    wrong = problems(columns={"amount": "#0"}, encoding="x", time_zone="y", source="")
    missing = {(f"/columns/{target}", "missing_target") for target in COLUMNS if target != "amount"}
    others = {("/columns/amount", "bad_source"), ("/encoding", "unknown_encoding")}
    assert wrong == missing | others | {("/time_zone", "unknown_time_zone"), ("/source", "bad_name")}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("is_cancellation=1:cancellation", ("is_cancellation", "=", "1", "cancellation")),
        ("InvoiceNo^C:cancellation", ("InvoiceNo", "^", "C", "cancellation")),
        ("amount<0:refund", ("amount", "<", "0", "refund")),
        ("#4>-1.5:purchase", ("#4", ">", "-1.5", "purchase")),
        ("Type=:subscription_charge", ("Type", "=", "", "subscription_charge")),
        ("Type=a:b=c:refund", ("Type", "=", "a:b=c", "refund")),
    ],
)
def test_kind_rules(text: str, rule: tuple[str, str, str, str]) -> None:
    column, test, value, kind = rule
    parsed = KindRule.parse(text)
    assert parsed == KindRule(column, RuleTest(test), value, TransactionKind(kind))
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a=1",
        "a=1:gift",
        "=1:refund",
        "a<x:refund",
        "a<1e5:refund",
        "a^:refund",
        "a=\0:refund",
        "a" * 700,
    ],
)
def test_other_texts_are_no_kind_rules(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        KindRule.parse(text)
    assert problems(kind_rules=["a=1:refund", text]) == {("/kind_rules/1", "not_a_kind_rule")}


def test_a_rule_about_a_mapped_target_reads_its_column() -> None:
    mapping = Mapping.from_dict({"columns": COLUMNS, "kind_rules": ["amount<0:refund", "Void=1:refund"]})
    assert [mapping.rule_source(rule) for rule in mapping.kind_rules] == ["Total", "Void"]
    assert mapping.sources() == {
        "InvoiceNo": "/columns/external_id",
        "Customer": "/columns/customer_key",
        "Total": "/columns/amount",
        "Date": "/columns/occurred_at",
        "Void": "/kind_rules/1",
    }


# --- words, products and groups


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["channel"], ("/values/0", "not_a_value_rule")),
        (["channel:Web"], ("/values/0", "not_a_value_rule")),
        ([":Web=app"], ("/values/0", "not_a_value_rule")),
        (["channel:a\tb=app"], ("/values/0", "not_a_value_rule")),
        (["kind:Bought=gift"], ("/values/0", "bad_value")),
        (["kind:İade=refund", "kind:IADE=cancellation"], ("/values/1", "given_twice")),
        (["category:a=b"], ("/values/0", "no_column")),
        (["currency:YTL=TRY"], ("/values/0", "no_column")),
        (["colour:red=blue"], ("/values/0", "no_column")),
        ([f"kind:word{n}=refund" for n in range(201)], ("/values", "too_many_values")),
    ],
)
def test_a_value_rule_that_cannot_be_used_is_told(values: list[str], expected: tuple[str, str]) -> None:
    columns = COLUMNS | {"kind": "type", "channel": "how", "currency": "=TRY"}
    assert problems(columns=columns, values=values) == {expected}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("channel:Web=app", ("channel", "Web", "app")),
        ("channel: Web site = app ", ("channel", "Web site", "app")),
        ("category:NO_SERVER=", ("category", "NO_SERVER", "")),
        ("channel:=phone", ("channel", "", "phone")),
        ("category:a:b=c", ("category", "a:b", "c")),
        ("notes:a=b=c", ("notes", "a", "b=c")),
    ],
)
def test_a_value_rule_is_read_and_written(text: str, parts: tuple[str, str, str]) -> None:
    rule = ValueRule.parse(text)
    assert (rule.target, rule.word, rule.value) == parts
    assert ValueRule.parse(str(rule)) == rule


@pytest.mark.parametrize("word", ["İade", "iade", "İADE", "IADE", "ıade", "I\u0307ADE", " Iade"])
def test_words_are_the_same_in_capital_and_small_letters(word: str) -> None:
    assert fold(word) == "iade"


def test_an_amount_may_be_the_product_of_two_columns() -> None:
    mapping = Mapping.from_dict({"columns": COLUMNS | {"amount": "Quantity * Price"}})
    assert mapping.parts("amount") == ["Quantity", "Price"]
    assert {"Quantity", "Price"} <= mapping.sources().keys()
    named = Mapping.from_dict({"columns": COLUMNS | {"amount": "Total*", "category": "a*b"}})
    assert (named.parts("amount"), named.parts("category")) == (["Total*"], ["a*b"])


def test_rows_are_grouped_by_the_external_id() -> None:
    columns = {target: source for target, source in COLUMNS.items() if target != "external_id"}
    assert Mapping.from_dict({"columns": columns, "group_by": "Invoice"}).columns["external_id"] == "Invoice"
    assert problems(columns=COLUMNS, group_by="Invoice") == {("/group_by", "other_column")}
    assert problems(columns=COLUMNS | {"external_id": "=row"}, group_by="Day") == {
        ("/group_by", "other_column")
    }


@pytest.mark.parametrize(
    ("target", "constant"),
    [
        ("amount", "12.50"),
        ("customer_key", "C1"),
        ("occurred_at", "2026-01-05"),
        ("cost", "3"),
        ("category", "x"),
    ],
)
def test_any_target_but_the_key_may_be_a_constant(target: str, constant: str) -> None:
    mapping = Mapping.from_dict({"columns": COLUMNS | {target: f"={constant}"}})
    assert mapping.constant(target) == constant
