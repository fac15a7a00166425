"""Nobody reads or changes what is not theirs: every operation of the OpenAPI document, tried by callers who
have no key, a wrong one, no scopes, only the scopes to read, and a key that is limited to one unit."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from documented import Operation, operations, sent
from sqlalchemy import Connection, select
from starlette.testclient import TestClient
from support import Api, Contract

from app.cli.demo import TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Actor, Extent, Scope
from app.jobs.scoring.score import score
from app.main import create_app
from app.schemas.customers.customers import CustomerCreate
from app.schemas.people.agents import AgentPut
from app.schemas.people.roles import RolePut
from app.services.customers import customers
from app.services.people import agents, roles
from app.services.platform import api_keys
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Base, Customer
from app.store.transactions import WriteTx

UNIT = "of-this-test"
NOT_OF_CUSTOMERS = frozenset(
    {
        "audit_entries",
        "events",
        "idempotency_keys",
        "api_keys",
        "jobs",
        "imports",
        "import_chunks",
        "webhook_endpoints",
    }
)
"""What a caller may add to whatever it may see: what it did, and work of its own."""

Rows = dict[str, frozenset[Any]]


class Walk:
    """The demo, its API, and what belongs to whom."""

    def __init__(self, store: Store, actor: Actor, client: TestClient, contract: Contract) -> None:
        self.store, self.actor, self.client, self.contract = store, actor, client, contract
        self.requests = [
            (operation, sent(contract.document, operation)) for operation in operations(contract.document)
        ]

    def caller(self, *scopes: Scope, units: tuple[str, ...] = (), agent: str | None = None) -> Api:
        token = self.store.write_sync(api_keys.create, self.actor, "walk", scopes, units=units, agent=agent)
        self.store.write_sync(api_keys.touch, token.split("_")[2])
        return Api(self.client, token, self.contract)

    def rows(self) -> Rows:
        """Every row of every table but those that tell of the requests themselves."""
        return self.store.read_sync(_rows)

    def marks(self) -> set[str]:
        """Ids of customers of other units and of their records, and their names."""
        return self.store.read_sync(_marks)

    def theirs(self) -> Rows:
        """`rows` without those of customers of the unit, and of what happened in the unit itself."""
        own = {UNIT, *(str(row_id) for row_id in self.store.read_sync(_own))}
        return {
            name: frozenset(row for row in rows if not own & set(map(str, row)))
            for name, rows in self.rows().items()
        }


def _tables() -> list[Any]:
    return [table for table in Base.metadata.sorted_tables if table.name not in NOT_OF_CUSTOMERS]


def _rows(tx: Connection) -> Rows:
    return {table.name: frozenset(map(_texts, tx.execute(select(table)))) for table in _tables()}


def _texts(row: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in row)


def _own(tx: Connection) -> list[Any]:
    return list(tx.execute(select(Customer.id).where(Customer.unit == UNIT)).scalars())


def _marks(tx: Connection) -> set[str]:
    own = set(_own(tx))
    marks = {
        str(row.id)
        for table in _tables()
        if "customer_id" in table.c and "id" in table.c
        for row in tx.execute(select(table.c.id, table.c.customer_id))
        if row.customer_id not in own
    }
    for customer_id, name in tx.execute(select(Customer.id, Customer.name)):
        marks |= set() if customer_id in own else {str(customer_id), name}
    return marks


@pytest.fixture
def walk(settings: Settings, store: Store, actor: Actor, contract: Contract) -> Iterator[Walk]:
    """The demo with all that the documentation's examples name, and a customer of a further unit."""
    store.write_sync(load.load, actor, generate(1, date(2026, 11, 23), 60), TOKEN)
    store.write_sync(customers.create, actor, CustomerCreate(name="Own Customer", unit=UNIT))
    score(store, actor, store.write_sync(load.start_scoring, actor, date(2026, 11, 24)))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Walk(store, actor, client, contract)


def is_write(operation: Operation) -> bool:
    """Whether it changes anything: a search with what it looks for in its body does not."""
    rights = {scope.partition(":")[2] for scope in operation[2]["x-required-scopes"]}
    return bool(rights & {"write", "approve"}) or ("admin" in rights and operation[0] != "GET")


def needs_whole_company(operation: Operation) -> bool:
    """Whether a key that is limited to units is refused."""
    extent = Extent(operation[2]["x-extent"])
    return extent is Extent.COMPANY_FIGURES or (extent is Extent.COMPANY_SETTINGS and operation[0] != "GET")


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_every_operation_says_what_it_needs_and_what_it_reaches(contract: Contract) -> None:
    declared = operations(contract.document)
    assert len(declared) > 100
    for method, path, said in declared:
        where = f"{method} {path}"
        assert said["security"] == [{"bearerAuth": []}], where
        assert said["x-required-scopes"], where
        assert said["x-extent"] in set(Extent), where
        rights = {scope.partition(":")[2] for scope in said["x-required-scopes"]}
        assert rights in ({"read"}, {"write"}, {"admin"}, {"approve"}), where
        assert rights != {"write"} or method != "GET", where
        assert rights != {"read"} or method in ("GET", "POST"), where


def bound(walk: Walk) -> Api:
    """A key with every scope, of a person whose role has none."""

    def register(tx: WriteTx) -> None:
        roles.put(tx, walk.actor, "guest", RolePut(names={"en": "Guest"}), None)
        agents.put(tx, walk.actor, "guest", AgentPut(name="Guest", role="guest"), None)

    walk.store.write_sync(register)
    return walk.caller(*Scope, agent="guest")


def test_callers_without_the_right_learn_and_change_nothing(walk: Walk) -> None:
    guest, system = bound(walk), walk.caller(*Scope)
    before, unexpected = walk.rows(), {}
    known = walk.caller(*Scope).headers["Authorization"].removeprefix("Bearer ")
    stranger, guesser = (Api(walk.client, token, walk.contract) for token in ("", known[:-1] + "~"))
    stranger.headers = {}
    forged = Api(walk.client, known[:-1] + ("A" if known[-1] != "A" else "B"), walk.contract)
    nobody, reader = walk.caller(), walk.caller(*(scope for scope in Scope if scope.endswith(":read")))
    for operation, request in walk.requests:
        where, needed = " ".join(operation[:2]), operation[2]["x-required-scopes"]
        is_read = all(scope.endswith(":read") for scope in needed)
        for caller in (stranger, guesser, forged):
            answer = caller.request(**request)
            if code_of(answer) != (401, "unauthenticated"):
                unexpected[where, "no key"] = answer.text
        answer = nobody.request(**request)
        if code_of(answer) != (403, "insufficient_scope"):
            unexpected[where, "no scopes"] = answer.text
        own = {name: value for name, value in request["headers"].items() if name != "Vefa-Agent"}
        answer = guest.request(**{**request, "headers": own})
        if code_of(answer) != (403, "insufficient_scope"):
            unexpected[where, "a role without scopes"] = answer.text
        answer = system.request(**{**request, "headers": {**request["headers"], "Vefa-Agent": "gul.e"}})
        if code_of(answer) != (403, "unknown_agent"):
            unexpected[where, "in the name of nobody"] = answer.text
        answer = reader.request(**request)
        if (answer.status_code in (401, 403)) if is_read else code_of(answer) != (403, "insufficient_scope"):
            unexpected[where, "reads only"] = answer.text
    assert unexpected == {}
    assert walk.rows() == before


def test_a_key_limited_to_a_unit_reads_and_changes_nothing_of_the_company_or_of_others(walk: Walk) -> None:
    limited, marks, unexpected, refused = walk.caller(*Scope, units=(UNIT,)), walk.marks(), {}, []
    theirs = walk.theirs()
    for operation, request in walk.requests:
        where = " ".join(operation[:2])
        asked = {**request, "json": labelled(request.get("json"))}
        answer = limited.request(**asked)
        if needs_whole_company(operation):
            if code_of(answer) != (403, "limited_to_units"):
                unexpected[where] = answer.text
        elif answer.status_code in (401, 403):
            unexpected[where] = answer.text
        said = json.dumps([request["path"], request["params"], request.get("json")], ensure_ascii=False)
        text = answer.text.encode().decode("unicode_escape", "ignore") + answer.text
        if leaked := [mark for mark in marks if mark in text and mark not in said]:
            unexpected[where, "leak"] = leaked[:3]
        if is_write(operation) and answer.status_code >= 400:
            refused.append((where, asked))
    assert unexpected == {}
    assert changed(theirs, walk.theirs()) == []
    before = walk.rows()
    accepted = [where for where, asked in refused if limited.request(**asked).status_code < 400]
    assert accepted == []
    assert changed(before, walk.rows()) == []
    assert len(refused) > 40


def labelled(body: Any) -> Any:
    """A body whose records are of the unit: else its label alone is a reason to refuse it."""
    if isinstance(body, list):
        return [labelled(part) for part in body]
    if isinstance(body, dict):
        return {name: UNIT if name == "unit" else labelled(value) for name, value in body.items()}
    return body


def changed(before: Rows, after: Rows) -> list[str]:
    """The tables that differ."""
    return [name for name in before if before[name] != after[name]]
