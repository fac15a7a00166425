"""Customers, contract terms and departures by the file, on both databases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from import_helpers import Row, begin, counts, refused, take_in
from sqlalchemy import Engine, event, select

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import column_flags
from app.jobs.imports import file_layout
from app.jobs.imports import run as work
from app.services.imports import imports
from app.store.engine import Store
from app.store.tables import AuditEntry, ContractTerms, Customer, CustomerExternalId, ImportChange
from app.store.types import now

BOOK = ["external_id=no", "name=name", "phone=p1", "phone=p2", "email=mail", "tags=tags", "born_on=born"]
HEADER = "no,name,p1,p2,mail,tags,born"


def book(*flags: str, kind: str = "customers", **members: Any) -> Mapping:
    columns = column_flags(flags or BOOK, kind)
    members = {"time_zone": "Europe/Istanbul", "source": "book", **members}
    return Mapping.from_dict({"columns": columns, "kind": kind, **members})


def rows(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def people(store: Store) -> list[Any]:
    return list(
        store.read_sync(lambda tx: tx.execute(select(Customer.__table__).order_by(Customer.id)).all())
    )


def named(store: Store) -> dict[str | None, Any]:
    return {one.name: one for one in people(store)}


def revert(store: Store, actor: Actor, row: Row) -> Row:
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])
    found: Row = store.read_sync(imports.get, actor, row["id"])
    return found


def refusals(store: Store, actor: Actor, row: Row) -> list[tuple[int, str, str]]:
    found = store.read_sync(imports.refused_after, actor, row["id"], 0, 1000)
    return [(one["line"], one["code"], one["column"]) for one in found]


def values(row: Any) -> list[str]:
    return [point["value"] for point in row.contact_points]


def statements_of(act: Callable[[], Any]) -> int:
    """How many statements are sent while something is done."""
    sent = []

    def note(*details: Any) -> None:
        sent.append(details[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(sent)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_layout, "RECORD_LINES", 10)


def test_an_address_book_becomes_customers_who_are_found(store: Store, actor: Actor) -> None:
    file = rows(
        "0042,Zehra Koç,0533 222 33 44,(0212) 444 55 66,Zehra@Example.com,vip; club,1988-02-29",
        "0043,Deniz Tic. A.Ş.,0216 333 44 55,,,,",
    )
    row = take_in(store, actor, file, book())
    assert (counts(row), row["customers_created"]) == ((2, 2, 0, 0), 2)
    one, other = named(store)["Zehra Koç"], named(store)["Deniz Tic. A.Ş."]
    assert values(one) == ["+905332223344", "+902124445566", "Zehra@example.com"]
    assert (one.tags, one.born_on, one.created_by_import_id) == (
        ["vip", "club"],
        date(1988, 2, 29),
        row["id"],
    )
    assert one.external_ids == [{"system": "crm", "key": "0042"}]
    assert values(other) == ["+902163334455"]
    again = take_in(store, actor, file, book())
    assert (counts(again), again["customers_created"]) == ((2, 0, 2, 0), 0)
    assert [one.version for one in people(store)] == [1, 1]


def test_a_later_file_adds_and_changes_and_its_empty_cells_clear_nothing(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("7,Ali Can,0533 222 33 44,,ali@example.com,vip,1990-01-01"), book())
    row = take_in(store, actor, rows("7,Ali Candan,,0212 444 55 66,,club,"), book())
    assert (counts(row), row["rows_updated"]) == ((1, 0, 0, 0), 1)
    [one] = people(store)
    assert (one.name, one.version, one.born_on) == ("Ali Candan", 2, date(1990, 1, 1))
    assert values(one) == ["+905332223344", "ali@example.com", "+902124445566"]
    assert one.tags == ["vip", "club"]
    empty = take_in(store, actor, rows("7,,,,,,"), book())
    assert counts(empty) == (1, 0, 1, 0)


@pytest.mark.parametrize("between", [" ::: ", "/", " / ", ";", "; ", "\n", " | "])
def test_two_numbers_in_one_cell_are_two_contact_points(store: Store, actor: Actor, between: str) -> None:
    file = rows(f'1,A,"0533 222 33 44{between}0212 444 55 66",,,,')
    assert counts(take_in(store, actor, file, book())) == (1, 1, 0, 0)
    [one] = people(store)
    assert values(one) == ["+905332223344", "+902124445566"]


def test_a_number_that_has_a_slash_in_it_is_one(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("1,A,0212/444 55 66,,,,"), book())
    [one] = people(store)
    assert values(one) == ["+902124445566"]


def test_what_is_wrong_is_refused_by_line_and_column(store: Store, actor: Actor) -> None:
    file = rows(
        "1,A,0533 222 33 44,12,,,",
        "2,B,,,nobody,,",
        "3,C,,,,,1990-13-01",
        f"4,{'n' * 201},,,,,",
        "5,E,0533 222 33 45 / soon,,,,",
        ",F,,,,,",
    )
    row = take_in(store, actor, file, book())
    assert refusals(store, actor, row) == [
        (2, "not_a_phone", "phone"),
        (3, "not_an_email", "email"),
        (4, "date_unreadable", "born_on"),
        (5, "text_too_long", "name"),
        (6, "not_a_phone", "phone"),
        (7, "external_id_missing", "external_id"),
    ]
    assert people(store) == []


def test_the_same_person_on_two_lines(store: Store, actor: Actor) -> None:
    file = rows(
        "1,A,0533 222 33 44,,,,",
        "1,A,0533 222 33 44,,,,",  # the same
        "1,A,0212 444 55 66,,,,",  # one more number
        "1,B,,,,,",  # another name
        "1,,,,a@example.com,,1990-01-01",
    )
    row = take_in(store, actor, file, book())
    assert (counts(row), row["rows_updated"], row["customers_created"]) == ((5, 1, 1, 1), 2, 1)
    assert refusals(store, actor, row) == [(5, "conflicting_duplicate", "name")]
    again = take_in(store, actor, file, book())
    assert (counts(again), again["rows_updated"]) == ((5, 0, 4, 1), 0)


def test_two_lines_of_one_person_in_different_batches(
    store: Store, actor: Actor, small_batches: None
) -> None:
    lines = [f"{n},N{n},,,,," for n in range(25)]
    lines[20] = "3,Other,,,,,"
    lines[21] = "4,N4,,,a@example.com,,"
    row = take_in(store, actor, rows(*lines), book())
    assert (counts(row), row["rows_updated"]) == ((25, 23, 0, 1), 1)
    assert refused(store, actor, row) == [(22, "conflicting_duplicate")]
    again = take_in(store, actor, rows(*lines), book())
    assert (counts(again), again["rows_updated"]) == ((25, 0, 24, 1), 0)
    assert revert(store, actor, row)["customers_kept"] == 0
    assert people(store) == []


def test_customers_without_a_key_are_found_by_number_and_name(store: Store, actor: Actor) -> None:
    flags = ["name=name", "phone=p1", "email=mail"]
    file = rows("x,Ayla Er,0533 222 33 44,,,,", "x,Can Er,0533 222 33 44,,,,", "x,,0212 444 55 66,,,,")
    first = take_in(store, actor, file, book(*flags))
    assert (counts(first), len(people(store))) == ((3, 3, 0, 0), 3)
    again = take_in(store, actor, file, book(*flags))
    assert counts(again) == (3, 0, 3, 0)
    more = take_in(store, actor, rows("x,AYLA ER,+905332223344,,ayla@example.com,,"), book(*flags))
    assert more["rows_updated"] == 1
    unclear = take_in(store, actor, rows("x,,0533 222 33 44,,,,"), book(*flags))
    assert refusals(store, actor, unclear) == [(2, "customer_unclear", "phone")]


def test_every_member_of_a_customer_can_come_from_a_file(store: Store, actor: Actor) -> None:
    header = "no,erp,first,last,k,lang,ch,hours,dnc,unit,since,city,insta,s,e,n"
    flags = [
        "external_id=no", "key.erp=erp", "name=first,last", "given_name=first", "family_name=last", "kind=k",
        "language=lang", "preferred_channel=ch", "preferred_hours=hours", "do_not_contact=dnc", "unit=unit",
        "customer_since_on=since", "attribute.city=city", "social.instagram=insta", "contract.started_on=s",
        "contract.ends_on=e", "contract.notice_given_on=n",
    ]  # fmt: skip
    line = "1,E9,Ece,Su,person,TR,phone,9:00-12:30,email; visit,izmir,2020-05-01,Muğla,"
    line += "@ece.su,2026-01-01,2026-12-31,"
    row = take_in(store, actor, rows(line, header=header), book(*flags))
    assert counts(row) == (1, 1, 0, 0), refusals(store, actor, row)
    [one] = people(store)
    assert (one.name, one.given_name, one.family_name, one.language) == ("Ece Su", "Ece", "Su", "tr")
    assert one.preferred_hours == {"start": "09:00", "end": "12:30"}
    assert (one.do_not_contact, one.unit, one.attributes) == (["email", "visit"], "izmir", {"city": "Muğla"})
    assert (one.contract_started_on, one.contract_ends_on) == (date(2026, 1, 1), date(2026, 12, 31))
    assert [(e["system"], e["key"]) for e in one.external_ids] == [("crm", "1"), ("erp", "E9")]
    assert one.contact_points[0]["network"] == "instagram"
    assert counts(take_in(store, actor, rows(line, header=header), book(*flags))) == (1, 0, 1, 0)
    terms = store.read_sync(lambda tx: tx.execute(select(ContractTerms.customer_id)).all())
    assert len(terms) == 1


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("1,left,,", "value_missing", "left_on"),
        ("1,active,2026-01-01,", "invalid_value", "lifecycle"),
        ("1,gone,,", "unknown_value", "lifecycle"),
        ("1,,,price", "value_missing", "left_on"),
        ("1,,2026-01-01,why", "unknown_value", "left_reason"),
    ],
)
def test_a_departure_in_an_address_book_is_whole(
    store: Store, actor: Actor, line: str, code: str, column: str
) -> None:
    flags = ["external_id=no", "lifecycle=l", "left_on=d", "left_reason=r"]
    row = take_in(store, actor, rows(line, header="no,l,d,r"), book(*flags))
    assert refusals(store, actor, row) == [(2, code, column)]


def test_a_dry_run_counts_and_stores_nothing(store: Store, actor: Actor, small_batches: None) -> None:
    take_in(store, actor, rows("1,Old,,,,,"), book())
    lines = [f"{n},N{n},,,,," for n in range(1, 26)]
    lines[20] = lines[5]
    row = take_in(store, actor, rows(*lines), book(), dry_run=True)
    assert (counts(row), row["rows_updated"], row["customers_created"]) == ((25, 23, 1, 0), 1, 23)
    assert [one.name for one in people(store)] == ["Old"]
    assert store.read_sync(lambda tx: tx.execute(select(ImportChange.import_id)).scalars().all()) != [
        row["id"]
    ]


def test_a_reversal_deletes_what_was_made_and_restores_what_was_changed(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("1,Old,0533 222 33 44,,,vip,1990-01-01"), book())
    row = take_in(store, actor, rows("1,New,,0212 444 55 66,,club,1991-01-01", "2,Two,,,,,"), book())
    assert revert(store, actor, row)["state"] == "reverted"
    [one] = people(store)
    assert (one.name, values(one), one.tags, one.born_on) == (
        "Old", ["+905332223344"], ["vip"], date(1990, 1, 1)
    )  # fmt: skip
    keys = store.read_sync(lambda tx: tx.execute(select(CustomerExternalId.key)).scalars().all())
    assert list(keys) == ["1"]


def test_a_reversal_leaves_what_a_later_file_changed(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("1,One,,,,,1990-01-01"), book())
    second = take_in(store, actor, rows("1,Two,,,,,1991-01-01", "9,Nine,,,,,"), book())
    take_in(store, actor, rows("1,Three,,,,,", "9,Nine,,,n@example.com,,"), book())
    done = revert(store, actor, second)
    assert done["customers_kept"] == 1
    found = {one.external_ids[0]["key"]: one for one in people(store)}
    assert (found["1"].name, found["1"].born_on) == ("Three", date(1990, 1, 1))
    assert values(found["9"]) == ["n@example.com"]


def test_a_customer_who_bought_since_is_kept_counted_and_named(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, rows("1,One,,,,,", "2,Two,,,,,"), book())
    sale = b"id,who,sum,at\nT1,2,5.00,2026-03-10T12:00:00Z\n"
    take_in(store, actor, sale)
    assert revert(store, actor, row)["customers_kept"] == 1
    [one] = people(store)
    told = store.read_sync(
        lambda tx: tx.execute(
            select(AuditEntry.object_id).where(AuditEntry.action == "import.customer_kept")
        ).all()
    )
    assert [(one.name, str(one.id))] == [("Two", told[0][0])]


def test_a_killed_import_goes_on_where_it_stopped(store: Store, actor: Actor, small_batches: None) -> None:
    class KilledError(Exception):
        pass

    def kill(row: Row, _bytes: int) -> None:
        if row["next_batch"] == 2:
            raise KilledError

    file = rows(*(f"{n},N{n},,,,," for n in range(35)), "3,Other,,,,,")
    begun = begin(store, actor, file, book())
    with pytest.raises(KilledError):
        work.run(store, actor, begun["id"], file, kill)
    row = work.run(store, actor, begun["id"], file, lambda _row, _bytes: None)
    assert (counts(row), row["customers_created"], len(people(store))) == ((36, 35, 0, 1), 35, 35)


def test_a_key_limited_to_a_unit_reaches_customers_of_it_only(store: Store, actor: Actor) -> None:
    flags = ["external_id=no", "name=name", "unit=unit"]
    header = "no,name,unit"
    take_in(store, actor, rows("1,Far,ankara", "2,Near,izmir", header=header), book(*flags))
    limited = Actor(actor.id, actor.scopes, frozenset({"izmir"}), company=actor.company)
    file = rows("1,X,", "2,Nearer,", "3,New,", "4,Out,ankara", "2,,ankara", header=header)
    row = take_in(store, limited, file, book(*flags))
    assert refusals(store, limited, row) == [
        (2, "key_taken", "external_id"),
        (5, "other_unit", "unit"),
        (6, "other_unit", "unit"),
    ]
    assert {one.name: one.unit for one in people(store)} == {
        "Far": "ankara",
        "Nearer": "izmir",
        "New": "izmir",
    }


def test_further_keys_join_and_never_merge_two_customers(store: Store, actor: Actor) -> None:
    flags = ["external_id=no", "key.erp=erp", "name=name"]
    take_in(store, actor, rows(",E1,Known", header="no,erp,name"), book(*flags))
    file = rows("1,E1,Known", "2,E1,Other", "3,E3,Third", header="no,erp,name")
    row = take_in(store, actor, file, book(*flags))
    assert refusals(store, actor, row) == [(3, "key_taken", "key.erp")]
    assert (row["rows_updated"], len(people(store))) == (1, 2)


def test_thousands_of_customers_take_a_fixed_number_of_statements(store: Store, actor: Actor) -> None:
    def lines(count: int, first: int) -> list[str]:
        return [f"{n},N{n},05332{n:06d},,n{n}@example.com,t," for n in range(first, first + count)]

    few, many = (
        statements_of(lambda part=part: take_in(store, actor, rows(*part), book()))
        for part in (lines(100, 0), lines(400, 1000))
    )
    assert many == few
    assert len(people(store)) == 500
    row = take_in(store, actor, rows(*(line + "1990-01-01" for line in lines(3000, 0))), book())
    assert (row["rows_stored"], row["rows_updated"]) == (2500, 500)


# --- departures and contract terms

LEFT = ["customer_key=no", "left_on=day", "reason=why"]
TERMS = ["customer_key=no", "known_on=k", "started_on=s", "ends_on=e", "notice_given_on=n"]


def test_departures_are_noted_corrected_and_taken_back(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("1,One,,,,,", "2,Two,,,,,"), book())
    file = rows("1,2026-03-01,price", "2,2026-03-02,", "3,2026-03-02,price", "1,2026-03-05,price", "2,,",
                "2,2026-03-02,bored", header="no,day,why")  # fmt: skip
    row = take_in(store, actor, file, book(*LEFT, kind="departures"))
    assert (counts(row), row["rows_updated"]) == ((6, 2, 0, 4), 0)
    assert refusals(store, actor, row) == [
        (4, "unknown_customer", "customer_key"),
        (5, "conflicting_duplicate", "left_on"),
        (6, "date_missing", "left_on"),
        (7, "unknown_value", "reason"),
    ]
    found = named(store)
    assert (found["One"].lifecycle, found["One"].left_on, found["One"].left_reason) == (
        "left", date(2026, 3, 1), "price"
    )  # fmt: skip
    again = take_in(store, actor, file, book(*LEFT, kind="departures"))
    assert counts(again) == (6, 0, 2, 4)
    other = rows("1,2026-03-09,service", header="no,day,why")
    later = take_in(store, actor, other, book(*LEFT, kind="departures"))
    assert later["rows_updated"] == 1
    revert(store, actor, later)
    assert named(store)["One"].left_on == date(2026, 3, 1)
    revert(store, actor, row)
    assert [(one.lifecycle, one.left_on, one.left_reason) for one in people(store)] == [
        ("active", None, None)
    ] * 2


def test_contract_terms_are_recorded_and_the_newest_hold_now(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("1,One,,,,,", "2,Two,,,,,"), book())
    file = rows(
        "1,2025-01-01,2025-01-01,2025-12-31,",
        "1,2026-01-01,2025-01-01,2026-12-31,",
        "1,2024-01-01,2024-01-01,2024-12-31,",
        "2,2025-02-01,2025-02-01,,2025-06-01",
        "2,2025-07-01,,,",
        "1,2026-01-01,2025-01-01,2027-12-31,",
        "2,2150-01-01,2025-02-01,,",
        "2,2025-08-01,2025-02-01,2024-01-01,",
        "2,2025-08-01,,2026-01-01,",
        "9,2025-08-01,,,",
        header="no,k,s,e,n",
    )
    read = book(*TERMS, kind="contract-terms")
    row = take_in(store, actor, file, read)
    assert counts(row) == (10, 5, 0, 5)
    assert refusals(store, actor, row) == [
        (7, "conflicting_duplicate", "known_on"),
        (8, "date_out_of_range", "known_on"),
        (9, "out_of_order", "ends_on"),
        (10, "value_missing", "started_on"),
        (11, "unknown_customer", "customer_key"),
    ]
    found = named(store)
    assert (found["One"].contract_ends_on, found["Two"].contract_started_on) == (date(2026, 12, 31), None)
    assert counts(take_in(store, actor, file, read)) == (10, 0, 5, 5)
    change = rows("1,2026-01-01,2025-01-01,2028-12-31,", header="no,k,s,e,n")
    later = take_in(store, actor, change, read)
    assert (later["rows_updated"], named(store)["One"].contract_ends_on) == (1, date(2028, 12, 31))
    revert(store, actor, later)
    assert named(store)["One"].contract_ends_on == date(2026, 12, 31)
    revert(store, actor, row)
    assert [one.contract_started_on for one in people(store)] == [None, None]
    assert store.read_sync(lambda tx: tx.execute(select(ContractTerms.customer_id)).all()) == []


def test_a_day_to_come_has_no_terms_yet(store: Store, actor: Actor) -> None:
    take_in(store, actor, rows("1,One,,,,,"), book())
    tomorrow = (now() + timedelta(days=3)).date().isoformat()
    file = rows(f"1,{tomorrow},2025-01-01,,", header="no,k,s,e,n")
    row = take_in(store, actor, file, book(*TERMS, kind="contract-terms"))
    assert refusals(store, actor, row) == [(2, "in_future", "known_on")]
