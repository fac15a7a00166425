"""Files about customers that are sent again: what is as before is not new; dry runs count as real runs do."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from import_helpers import Row, take_in
from sqlalchemy import delete, func, select, update

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import column_flags
from app.jobs.imports import file_layout
from app.jobs.imports import run as work
from app.schemas.customers.contract_terms import ContractTermsCreate
from app.schemas.customers.customers import CustomerUpdate
from app.services.customers import contract_terms, customers
from app.services.imports import imports
from app.store.engine import Store
from app.store.tables import (
    ContractTerms,
    Customer,
    Import,
    ImportChange,
    ImportTrialName,
    ImportTrialPerson,
    SourceStatement,
)

FLAGS = {
    "customers": ["external_id=no", "name=name", "phone=phone", "tags=tags", "attribute.city=city",
                  "left_on=left", "left_reason=why"],
    "departures": ["customer_key=no", "left_on=left", "reason=why"],
    "contract-terms": ["customer_key=no", "known_on=k", "started_on=s", "ends_on=e"],
}  # fmt: skip
HEADERS = {
    "customers": "no,name,phone,tags,city,left,why",
    "departures": "no,left,why",
    "contract-terms": "no,k,s,e",
}


def read(kind: str, source: str = "book") -> Mapping:
    columns = column_flags(FLAGS[kind], kind)
    return Mapping.from_dict({"columns": columns, "kind": kind, "source": source, "time_zone": "UTC"})


def send(
    store: Store, actor: Actor, kind: str, *lines: str, dry_run: bool = False, source: str = "book"
) -> Row:
    file = "\n".join([HEADERS[kind], *lines, ""]).encode()
    return take_in(store, actor, file, read(kind, source), dry_run=dry_run)


def tally(row: Row) -> tuple[int, int, int, int]:
    """Rows stored, updated, repeated and refused."""
    return row["rows_stored"], row["rows_updated"], row["rows_repeated"], row["rows_refused"]


def the(store: Store) -> Any:
    """The one customer there is."""
    return store.read_sync(lambda tx: tx.execute(select(Customer.__table__)).one())


def change(store: Store, actor: Actor, **members: Any) -> None:
    data = CustomerUpdate.model_validate(members)
    store.write_sync(customers.update_one, actor, the(store).id, data, None)


def come_back(store: Store) -> None:
    """The customer who left has returned."""
    values: Row = {"lifecycle": "active", "left_on": None, "left_reason": None}
    store.write_sync(lambda tx: tx.execute(update(Customer).values(values)))


def revert(store: Store, actor: Actor, row: Row) -> None:
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each two lines are a batch."""
    monkeypatch.setattr(file_layout, "RECORD_LINES", 2)


# --- departures


def test_who_returned_does_not_leave_again_by_the_same_row(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    assert tally(send(store, actor, "departures", "1,2026-03-01,price")) == (1, 0, 0, 0)
    come_back(store)
    for lines in (["1,2026-03-01,price"], ["1,2026-03-01,price", "9,2026-03-01,"], ["1,2026-03-01,"]):
        assert tally(send(store, actor, "departures", *lines))[:3] == (0, 0, 1)
        assert the(store).lifecycle == "active"
    assert tally(send(store, actor, "departures", "1,2026-03-01,service")) == (0, 0, 1, 0)
    assert tally(send(store, actor, "departures", "1,2026-06-01,")) == (1, 0, 0, 0)
    assert (the(store).lifecycle, the(store).left_on) == ("left", date(2026, 6, 1))


def test_a_correction_of_a_departure_outlasts_the_row_that_brought_it(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    first = send(store, actor, "departures", "1,2026-03-01,price")
    store.write_sync(lambda tx: tx.execute(update(Customer).values(left_on=date(2026, 2, 1))))
    assert tally(send(store, actor, "departures", "1,2026-03-01,price", "1,2026-03-01,price")) == (0, 0, 2, 0)
    assert the(store).left_on == date(2026, 2, 1)
    assert tally(send(store, actor, "departures", "1,2026-03-01,service")) == (0, 1, 0, 0)
    assert (the(store).left_on, the(store).left_reason) == (date(2026, 2, 1), "service")
    revert(store, actor, first)
    assert the(store).left_on == date(2026, 2, 1)


def test_a_file_from_before_makes_nobody_leave_again(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    for line in ("1,2026-03-01,", "1,2026-04-01,"):
        send(store, actor, "departures", line)
    come_back(store)
    assert tally(send(store, actor, "departures", "1,2026-03-01,")) == (0, 0, 1, 0)
    assert the(store).lifecycle == "active"
    assert tally(send(store, actor, "departures", "1,2026-04-01,", "1,2026-04-01,")) == (0, 0, 2, 0)


def test_another_source_is_heard_for_the_first_time(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    send(store, actor, "departures", "1,2026-03-01,price")
    come_back(store)
    assert tally(send(store, actor, "departures", "1,2026-03-01,price", source="erp")) == (1, 0, 0, 0)


def test_what_was_taken_back_was_never_said(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    first = send(store, actor, "departures", "1,2026-03-01,price")
    second = send(store, actor, "departures", "1,2026-05-01,price")
    revert(store, actor, second)
    assert the(store).left_on == date(2026, 3, 1)
    assert tally(send(store, actor, "departures", "1,2026-05-01,price", "1,2026-05-01,")) == (0, 1, 1, 0)
    revert(store, actor, first)
    assert the(store).left_on == date(2026, 5, 1)


# --- address books


def test_a_correction_outlasts_a_book_that_repeats_the_old_value(store: Store, actor: Actor) -> None:
    line = "1,Ada,0533 222 33 44,vip,Bursa,,"
    send(store, actor, "customers", line)
    change(store, actor, name="Ada Er", contact_points=[], tags=[], attributes={"city": "Muğla"})
    assert tally(send(store, actor, "customers", line, "2,Bo,,,,,")) == (1, 0, 1, 0)
    one = next(row for row in store.read_sync(lambda tx: tx.execute(select(Customer.__table__)).all())
               if row.name != "Bo")  # fmt: skip
    assert (one.name, one.contact_points, one.tags, one.attributes) == ("Ada Er", [], [], {"city": "Muğla"})


def test_only_what_is_new_in_a_row_is_believed(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,0533 222 33 44,vip,Bursa,,")
    change(store, actor, name="Ada Er", tags=["gold"])
    assert tally(send(store, actor, "customers", "1,Ada,0212 444 55 66,vip; club,Muğla,,")) == (0, 1, 0, 0)
    one = the(store)
    assert (one.name, one.tags, one.attributes) == ("Ada Er", ["gold", "club"], {"city": "Muğla"})
    assert [point["value"] for point in one.contact_points] == ["+905332223344", "+902124445566"]
    assert tally(send(store, actor, "customers", "1,Ada Su,,,,,")) == (0, 1, 0, 0)
    assert the(store).name == "Ada Su"


def test_a_book_that_tells_of_a_departure_again(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,2026-03-01,price")
    come_back(store)
    assert tally(send(store, actor, "customers", "1,Ada,,,,2026-03-01,price", "1,,,,,,")) == (0, 0, 2, 0)
    assert tally(send(store, actor, "customers", "1,Ada,,,,2026-03-01,service")) == (0, 0, 1, 0)
    assert the(store).lifecycle == "active"
    assert tally(send(store, actor, "customers", "1,Ada,,,,2026-07-01,service")) == (0, 1, 0, 0)
    assert (the(store).lifecycle, the(store).left_reason) == ("left", "service")


def test_a_reversal_lets_the_same_book_be_heard_again(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    row = send(store, actor, "customers", "1,Bo,,vip,,,")
    revert(store, actor, row)
    assert (the(store).name, the(store).tags) == ("Ada", [])
    assert tally(send(store, actor, "customers", "1,Bo,,vip,,,")) == (0, 1, 0, 0)
    assert (the(store).name, the(store).tags) == ("Bo", ["vip"])


def test_a_book_from_before_adds_only_what_was_never_said(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    send(store, actor, "customers", "1,Bo,,,,,")
    assert tally(send(store, actor, "customers", "1,Ada,,,,,")) == (0, 0, 1, 0)
    assert the(store).name == "Bo"
    assert tally(send(store, actor, "customers", "1,Bo,,,,,")) == (0, 0, 1, 0)
    assert the(store).name == "Bo"


# --- contract terms


def test_terms_corrected_here_stay_until_the_source_says_others(store: Store, actor: Actor) -> None:
    send(store, actor, "customers", "1,Ada,,,,,")
    send(store, actor, "contract-terms", "1,2026-01-01,2026-01-01,2026-12-31", "1,2026-03-01,,")
    data = ContractTermsCreate.model_validate(
        {"known_on": "2026-01-01", "contract": {"started_on": "2026-01-01", "ends_on": "2027-06-30"}}
    )
    store.write_sync(contract_terms.record, actor, the(store).id, data)
    again = "1,2026-01-01,2026-01-01,2026-12-31"
    assert tally(send(store, actor, "contract-terms", again, "1,2026-02-01,,")) == (1, 0, 1, 0)
    row = send(store, actor, "contract-terms", "1,2026-01-01,2026-01-01,2028-12-31")
    assert tally(row) == (0, 1, 0, 0)
    revert(store, actor, row)
    assert tally(send(store, actor, "contract-terms", "1,2026-01-01,2026-01-01,2028-12-31")) == (0, 1, 0, 0)


# --- dry runs

LINES = {
    "customers": st.tuples(
        st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "Ada", "Bo"]),
        st.sampled_from(["", "0533 222 33 44", "0533 222 33 45"]), st.sampled_from(["", "vip", "club"]),
        st.sampled_from(["", "Bursa", "Muğla"]), st.sampled_from(["", "2026-03-01", "2026-04-01"]),
        st.sampled_from(["", "price"]),
    ),
    "departures": st.tuples(
        st.sampled_from(["1", "2", "9"]), st.sampled_from(["", "2026-03-01", "2026-04-01"]),
        st.sampled_from(["", "price", "service"]),
    ),
    "contract-terms": st.tuples(
        st.sampled_from(["1", "2", "9"]), st.sampled_from(["2026-01-01", "2026-02-01"]),
        st.sampled_from(["", "2026-01-01"]), st.sampled_from(["", "2026-12-31"]),
    ),
}  # fmt: skip
COUNTS = ("rows_in", "rows_stored", "rows_updated", "rows_repeated", "rows_refused", "customers_created",
          "refused_by_reason", "records_stored")  # fmt: skip


@pytest.mark.parametrize("kind", sorted(LINES))
@pytest.mark.usefixtures("small_batches")
def test_a_dry_run_counts_as_the_real_run_does(store: Store, actor: Actor, kind: str) -> None:
    @tries(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(LINES[kind], max_size=4), st.lists(LINES[kind], min_size=3, max_size=10))
    def check(earlier: list[tuple[str, ...]], lines: list[tuple[str, ...]]) -> None:
        for table in (ContractTerms, Customer, Import):
            store.write_sync(lambda tx, table=table: tx.execute(delete(table)))
        send(store, actor, "customers", "1,Ada,,,,,", "2,Bo,,,,,")
        send(store, actor, kind, *map(",".join, earlier))
        before = contents(store)
        tried = send(store, actor, kind, *map(",".join, lines), dry_run=True)
        assert contents(store) == before
        done = send(store, actor, kind, *map(",".join, lines))
        assert {name: tried[name] for name in COUNTS} == {name: done[name] for name in COUNTS}

    check()


def contents(store: Store) -> list[Any]:
    """What a dry run must not change, and what it must not leave behind."""

    def look(tx: Any) -> list[Any]:
        people = tx.execute(select(Customer.__table__).order_by(Customer.id)).all()
        others = (SourceStatement, ImportChange, ImportTrialName, ImportTrialPerson)
        return [
            people,
            *(tx.execute(select(func.count()).select_from(table)).scalar_one() for table in others),
        ]

    found: list[Any] = store.read_sync(look)
    assert found[-2:] == [0, 0]
    return found
