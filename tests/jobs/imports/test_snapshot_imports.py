"""Snapshots of contracts, and named attributes of contract terms, by the file, on both databases."""

from datetime import date
from typing import Any

import pytest
from import_helpers import Row, counts, take_in
from sqlalchemy import delete, select, update

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import MappingError
from app.errors import InvalidError
from app.jobs.imports import file_layout
from app.jobs.imports import run as work
from app.services.imports import imports
from app.store.engine import Store
from app.store.tables import ContractStatement, ContractTerms, Customer

DAY = date(2026, 1, 31)
COLUMNS = {
    "customer_key": "no",
    "age": "months",
    "left": "gone",
    "attribute.plan": "plan",
    "attribute.fee": "fee",
}
HEADER = "no,months,gone,plan,fee"
FILE = ("K1,12,No,monthly,29.85", "K2,0,Yes,yearly,", "K3,70,no,yearly,104.8")


def rows(*lines: str, header: str) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def people(store: Store) -> list[Any]:
    found = store.read_sync(lambda tx: tx.execute(select(Customer.__table__)).all())
    return sorted(found, key=lambda row: row.external_ids[0]["key"])


def revert(store: Store, actor: Actor, row: Row) -> Row:
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])
    found: Row = store.read_sync(imports.get, actor, row["id"])
    return found


def refusals(store: Store, actor: Actor, row: Row) -> list[tuple[int, str, str]]:
    found = store.read_sync(imports.refused_after, actor, row["id"], 0, 1000)
    return [(one["line"], one["code"], one["column"]) for one in found]


def snapshot(**members: Any) -> Mapping:
    given = {"kind": "contract-terms", "columns": COLUMNS, "source": "billing", "create_missing": True}
    day = {"snapshot_on": DAY.isoformat(), "unit": "months", "time_zone": "Europe/Istanbul"}
    return Mapping.from_dict({**given, **day, **members})


def file(*lines: str) -> bytes:
    return rows(*(lines or FILE), header=HEADER)


def statements(store: Store) -> list[Any]:
    table, keys = ContractStatement.__table__, Customer.external_ids
    wanted = select(*table.c, keys).join(Customer, Customer.id == table.c.customer_id)
    found = store.read_sync(lambda tx: tx.execute(wanted).all())
    return sorted(found, key=lambda row: (row.external_ids[0]["key"], row.known_on))


def said(store: Store) -> list[tuple[Any, ...]]:
    return [
        (row.external_ids[0]["key"], row.known_on, row.age, row.age_unit, row.has_left, row.attributes)
        for row in statements(store)
    ]


SAID = [
    ("K1", DAY, 12, "months", False, {"fee": "29.85", "plan": "monthly"}),
    ("K2", DAY, 0, "months", True, {"plan": "yearly"}),
    ("K3", DAY, 70, "months", False, {"fee": "104.8", "plan": "yearly"}),
]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_layout, "RECORD_LINES", 2)


def result(row: Row) -> tuple[Any, ...]:
    return (*counts(row), row["rows_updated"], row["customers_created"])


def test_a_snapshot_is_kept_as_it_is_without_a_day_of_its_own(store: Store, actor: Actor) -> None:
    assert result(take_in(store, actor, file(), snapshot())) == (3, 3, 0, 0, 0, 3)
    assert said(store) == SAID
    assert store.read_sync(lambda tx: tx.execute(select(ContractTerms.known_on)).all()) == []
    assert [(one.contract_started_on, one.left_on, one.lifecycle) for one in people(store)] == [
        (None, None, "active")
    ] * 3


@pytest.mark.usefixtures("small_batches")
def test_a_dry_run_counts_as_the_real_one_and_stores_nothing(store: Store, actor: Actor) -> None:
    lines = (*FILE, "K1,12,No,monthly,29.85", "K1,13,No,,", "K4,-1,No,,", "K5,5,,,", "K6,2401,no,,")
    dry = take_in(store, actor, file(*lines), snapshot(), dry_run=True)
    assert (said(store), people(store)) == ([], [])
    real = take_in(store, actor, file(*lines), snapshot())
    assert result(dry) == result(real) == (8, 3, 1, 4, 0, 3)
    assert (
        refusals(store, actor, dry)
        == refusals(store, actor, real)
        == [
            (6, "conflicting_duplicate", "age"),
            (7, "out_of_range", "age"),
            (8, "value_missing", "left"),
            (9, "out_of_range", "age"),
        ]
    )


def test_sent_again_it_changes_nothing_and_another_file_updates(store: Store, actor: Actor) -> None:
    take_in(store, actor, file(), snapshot())
    assert result(take_in(store, actor, file(), snapshot())) == (3, 0, 3, 0, 0, 0)
    changed = take_in(store, actor, file("K1,12,Yes,monthly,", "K2,0,yes,yearly,5"), snapshot())
    assert result(changed) == (2, 0, 0, 0, 2, 0)
    assert said(store)[:2] == [
        ("K1", DAY, 12, "months", True, {"fee": "29.85", "plan": "monthly"}),
        ("K2", DAY, 0, "months", True, {"fee": "5", "plan": "yearly"}),
    ]
    digests = [row.digest for row in statements(store)]
    assert len(set(digests)) == 3
    old = take_in(store, actor, file(), snapshot())  # the file before adds what was never said
    assert result(old) == (3, 0, 3, 0, 0, 0)


@pytest.mark.usefixtures("small_batches")
def test_taken_back_nothing_of_it_is_left(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, file(), snapshot())
    assert revert(store, actor, row)["state"] == "reverted"
    assert (said(store), people(store)) == ([], [])
    assert result(take_in(store, actor, file(), snapshot())) == (3, 3, 0, 0, 0, 3)


def test_taken_back_what_another_file_said_stays(store: Store, actor: Actor) -> None:
    first = take_in(store, actor, file(), snapshot())
    second = take_in(store, actor, file("K1,12,Yes,monthly,31"), snapshot())
    later = take_in(store, actor, file("K3,71,no,yearly,104.8"), snapshot(snapshot_on="2026-02-28"))
    back = revert(store, actor, second)
    assert (back["state"], said(store)[0]) == ("reverted", SAID[0])
    revert(store, actor, first)
    assert said(store) == [("K3", date(2026, 2, 28), 71, "months", False, {"fee": "104.8", "plan": "yearly"})]
    assert [one.external_ids[0]["key"] for one in people(store)] == ["K3"]
    revert(store, actor, later)
    assert said(store) == []


def test_a_customer_who_was_changed_since_stays_without_the_snapshot(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, file(), snapshot())
    mine = Customer.id == people(store)[0].id
    store.write_sync(lambda tx: tx.execute(update(Customer).where(mine).values(version=2, name="Ada")))
    assert revert(store, actor, row)["customers_kept"] == 1
    assert [one.name for one in people(store)] == ["Ada"]
    assert said(store) == []


def test_unknown_customers_are_refused_unless_they_are_to_be_made(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, file(), snapshot(create_missing=False))
    assert (row["state"], result(row)) == ("done_with_refusals", (3, 0, 0, 3, 0, 0))
    assert {code for _, code, _ in refusals(store, actor, row)} == {"unknown_customer"}


def test_a_day_to_come_is_no_snapshot(store: Store, actor: Actor) -> None:
    with pytest.raises(InvalidError) as found:
        take_in(store, actor, file(), snapshot(snapshot_on="2099-01-01"))
    assert [(one.pointer, one.code) for one in found.value.fields] == [("snapshot_on", "in_future")]


def test_words_for_yes_and_no_are_said_by_value_rules(store: Store, actor: Actor) -> None:
    lines = ("K1,1,Ayrıldı,monthly,1", "K2,2,Kaldı,yearly,1", "K3,3,belki,yearly,1")
    row = take_in(store, actor, file(*lines), snapshot(values=["left:Ayrıldı=yes", "left:kaldı=no"]))
    assert [one[4] for one in said(store)] == [True, False]
    assert refusals(store, actor, row) == [(4, "not_a_flag", "left")]


def test_decimals_of_attributes_get_a_point_where_a_comma_was_said(store: Store, actor: Actor) -> None:
    header = HEADER.replace(",", ";")
    lines = rows("K1;1;no;0,5 GB;1.234,50", "K2;2;no;a,b;7,25", header=header)
    take_in(store, actor, lines, snapshot(decimal_comma=True))
    assert [one[5] for one in said(store)] == [
        {"fee": "1234.50", "plan": "0,5 GB"},
        {"fee": "7.25", "plan": "a,b"},
    ]


@pytest.mark.parametrize("name", ["Plan", "a b", "ş", "a" * 65, ""])
def test_a_name_that_no_attribute_can_have_is_refused(name: str) -> None:
    with pytest.raises(MappingError) as wrong:
        snapshot(columns={**COLUMNS, f"attribute.{name}": "plan"})
    assert [problem.code for problem in wrong.value.problems] == ["unknown_target"]


# --- attributes of terms


TERMS = {"customer_key": "no", "known_on": "since", "started_on": "from", "attribute.plan": "plan"}


def terms(**members: Any) -> Mapping:
    given = {"kind": "contract-terms", "columns": TERMS, "source": "billing", "time_zone": "Europe/Istanbul"}
    return Mapping.from_dict({**given, **members})


def test_terms_may_say_attributes_of_the_day(store: Store, actor: Actor) -> None:
    take_in(store, actor, file(), snapshot())
    lines = rows("K1,2026-03-01,2025-01-01,gold", "K2,2026-03-01,2025-02-01,", header="no,since,from,plan")
    row = take_in(store, actor, lines, terms())
    assert result(row) == (2, 2, 0, 0, 0, 0)
    assert said(store)[1] == ("K1", date(2026, 3, 1), None, None, None, {"plan": "gold"})
    assert len(said(store)) == 4
    assert result(take_in(store, actor, lines, terms())) == (2, 0, 2, 0, 0, 0)
    other = rows("K1,2026-03-01,2025-01-01,silver", header="no,since,from,plan")
    assert result(take_in(store, actor, other, terms())) == (1, 0, 0, 0, 1, 0)
    assert said(store)[1][5] == {"plan": "silver"}
    revert(store, actor, row)
    assert said(store)[1][5] == {"plan": "silver"}  # what a later file said


def test_a_file_without_days_says_attributes_and_leaves_terms_as_they_are(store: Store, actor: Actor) -> None:
    take_in(store, actor, file(), snapshot())
    dated = rows("K1,2026-03-01,2025-01-01,gold", header="no,since,from,plan")
    take_in(store, actor, dated, terms())
    columns = {name: source for name, source in TERMS.items() if name != "started_on"}
    later = rows("K1,2026-05-01,silver", header="no,since,plan")
    row = take_in(store, actor, later, terms(columns=columns))
    assert result(row) == (1, 1, 0, 0, 0, 0)
    versions = store.read_sync(lambda tx: tx.execute(select(ContractTerms.known_on)).scalars().all())
    assert versions == [date(2026, 3, 1)]
    assert said(store)[2] == ("K1", date(2026, 5, 1), None, None, None, {"plan": "silver"})
    revert(store, actor, row)
    assert len(said(store)) == 4
    assert people(store)[0].contract_started_on == date(2025, 1, 1)


def test_a_deleted_customer_takes_its_statements_along(store: Store, actor: Actor) -> None:
    take_in(store, actor, file(), snapshot())
    store.write_sync(lambda tx: tx.execute(delete(Customer)))
    assert said(store) == []
