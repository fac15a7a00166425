"""Small inputs that outsiders meet, from the folder that VEFA_CASES names; skipped as unproved without it.

A case is a program (``*.py``) that ends with 0, or a text (``*.md``) whose ``sh`` blocks are run; what should
come of the latter stands here under the file's name. The cases share one service on each database.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import SECRET, empty
from jobs.helpers import until
from live import serving

from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.services.platform import api_keys
from app.settings import Settings
from app.store.engine import Store

FOLDER = Path(os.environ.get("VEFA_CASES") or "unknown").absolute()
PROGRAMS = sorted(path.name for path in FOLDER.glob("*.py") if path.name != "call.py")
TEXTS = sorted(path.stem for path in FOLDER.glob("*.md") if not path.stem.startswith("README"))
CLIENT = Path(__file__).parent / "case_client.py"

Answers = list[tuple[int, Any]]


@dataclass(frozen=True)
class Service:
    """A service with a worker and a database of its own, and a key with every scope."""

    address: str
    token: str
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "VEFA": self.address, "KEY": self.token, "CASE_LOG": str(self.log)}

    def run(self, name: str) -> Answers:
        """Run the commands of a text; status and answer of each."""
        blocks = re.findall(r"```sh\n(.*?)```", (FOLDER / f"{name}.md").read_text(), re.DOTALL)
        assert blocks
        script = "\n".join(blocks).replace("./call.py", f"{sys.executable} {CLIENT}")
        self.log.unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "-c", script], cwd=FOLDER, env=self.environment, capture_output=True, timeout=120
        )
        assert self.log.exists(), done.stderr.decode()
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        assert len(lines) == script.count(str(CLIENT)), done.stderr.decode()
        return [(line["status"], line["answer"]) for line in lines]

    def get(self, path: str, **members: str) -> Any:
        """The JSON of an address."""
        answer = httpx2.get(self.address + path, params=members, headers=self.headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def customer(self, key: str) -> Any:
        """The customer with a key in the system crm."""
        return self.get(f"/v1/customers/by-external-id/crm/{key}")

    def listed(self, path: str, source: str) -> list[Any]:
        """The records of a source."""
        return [row for row in self.get(path, limit="200")["data"] if row["source"] == source]

    def post(self, path: str, **more: Any) -> Any:
        """Answer to a POST."""
        return httpx2.post(self.address + path, headers=self.headers, timeout=60, **more)

    def score(self, as_of: str) -> None:
        """Compute a scoring run as of a day."""
        answer = httpx2.post(
            f"{self.address}/v1/scoring-runs", json={"as_of": as_of}, headers=self.headers, timeout=60
        )
        assert answer.status_code == 202, answer.text
        until(lambda: self.get(f"/v1/scoring-runs/{answer.json()['id']}")["state"] == "done", 60)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("cases")
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        empty(url)
    else:
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "vefa.db")
        url = f"sqlite:///{folder / 'vefa.db'}"
    settings = Settings(database_url=url, secret=SECRET, worker_id="cases")
    store = Store(settings)
    token = store.write_sync(api_keys.create, system(Company()), "cases", list(Scope))
    store.close_sync()
    with serving(settings, with_worker=True) as address:
        yield Service(address, token, folder / "log.jsonl")
    if request.param == "postgresql":
        empty(url, "DROP SCHEMA IF EXISTS dbos CASCADE")


@pytest.mark.skipif(not PROGRAMS, reason="unproved: VEFA_CASES does not name the cases")
@pytest.mark.parametrize("name", PROGRAMS or ["none"])
def test_a_program(service: Service, name: str) -> None:
    done = subprocess.run(
        [sys.executable, FOLDER / name], env=service.environment, capture_output=True, timeout=120, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- what should come of the commands of a text


def _stored(imported: Any) -> int:
    return int(imported["rows_stored"])


def _refused(imported: Any) -> dict[int, str]:
    """Line -> code of the refused rows."""
    return {row["line"]: row["code"] for row in imported["refused"]}


def _amounts(page: Any) -> list[str]:
    return sorted(row["amount"]["amount"] for row in page["data"])


def _phones(customer: Any) -> list[str]:
    return [point["value"] for point in customer["contact_points"] if point["kind"] == "phone"]


def address_book(service: Service, answers: Answers) -> None:
    [(status, imported)] = answers
    assert (status, _stored(imported), imported["customers_created"]) == (202, 2, 2)
    assert [len(_phones(service.customer(key))) for key in ("00123", "00124")] == [2, 1]
    assert service.run("address-book-as-a-file")[-1][1]["rows_repeated"] == 2


def blank_around_email(_: Service, answers: Answers) -> None:
    [(status, customer)] = answers
    assert (status, customer["contact_points"][0]["value"]) == (201, "ayse@example.com")


def branch_in_any_script(service: Service, answers: Answers) -> None:
    (_, imported), (status, customer) = answers
    assert (_stored(imported), status, len(customer["unit"])) == (3, 201, 5)
    assert len({row["unit"] for row in service.listed("/v1/interactions", "units")}) == 3


def call_of_another_person(service: Service, answers: Answers) -> None:
    """The example's PATCH is one way; it is refused, and the other way is a transfer."""
    first, call = service.customer("W1"), answers[3][1]["data"][0]
    other = answers[4][1]["id"]
    if answers[-1][0] != 200:
        moved = httpx2.post(
            f"{service.address}/v1/interactions/{call['id']}/transfers",
            json={"customer_id": other, "reason": "The other one called."},
            headers=service.headers,
        )
        assert moved.status_code in (200, 201), moved.text
    assert service.get(f"/v1/interactions/{call['id']}")["customer_id"] == other != first["id"]


def calls_by_number(service: Service, answers: Answers) -> None:
    """As people do it first, with the number as a key; and by the target that is there for it."""
    assert answers[-1][1]["data"] == [], "nobody is called anonymous"
    file = FOLDER / "calls-named-by-number-only.csv"
    members = {
        "kind": "interactions",
        "source": "pbx-2",
        "column": [
            "external_id=id",
            "started_at=calldate",
            "channel==phone",
            "direction==inbound",
            "phone=src",
        ],
    }
    answer = httpx2.post(
        f"{service.address}/v1/imports",
        params=members,
        content=file.read_bytes(),
        headers={**service.headers, "Content-Type": "text/csv"},
    )
    assert answer.status_code == 202, answer.text
    until(lambda: service.get(f"/v1/imports/{answer.json()['id']}")["state"] == "done")
    calls = {row["external_id"]: row["customer_id"] for row in service.listed("/v1/interactions", "pbx-2")}
    known = answers[0][1]["id"]
    assert calls == {"n1": known, "n2": known, "n3": known, "n4": None, "n5": None}


def do_not_call_of_a_number(_: Service, answers: Answers) -> None:
    other, shown = answers[-2][1], answers[-1][1]
    assert "phone" in json.dumps([other["do_not_contact"], other.get("do_not_contact_shared")])
    for candidate in shown["candidates"] or [shown["customer"]]:
        assert "phone" in json.dumps([candidate["do_not_contact"], candidate.get("do_not_contact_shared")])


def code_pages(service: Service, answers: Answers) -> None:
    assert [_stored(imported) for _, imported in answers] == [1, 1]
    for source in ("enc1", "enc2"):
        assert len(service.get("/v1/transactions", source=source)["data"]) == 1


def extension(_: Service, answers: Answers) -> None:
    assert [status for status, _ in answers] == [201, 201]
    assert [_phones(customer) for _, customer in answers] == [["+902125551234"]] * 2
    assert [customer["contact_points"][0]["extension"] for _, customer in answers] == ["12", "12"]


def key_with_a_slash(_: Service, answers: Answers) -> None:
    assert [status for status, _ in answers] == [201, 200, 200]


def lines_above_the_header(service: Service, answers: Answers) -> None:
    [(status, answer)] = answers
    if status == 202:
        assert _stored(answer) == 1
    else:
        assert status == 422
        assert "Sales report" in json.dumps(answer), "the columns that were found are named"


def month_to_date(service: Service, answers: Answers) -> None:
    second, page = answers[1][1], answers[2][1]
    assert _amounts(page) == ["10.00", "20.00", "30.00"] or second["refused"]


def typed_without_the_letter(_: Service, answers: Answers) -> None:
    made = [customer["name"] for _, customer in answers[:5]]
    found = [[row["name"] for row in page["data"]] for _, page in answers[5:]]
    assert found == [[made[at]] for at in (0, 0, 1, 1, 2, 3, 4)]


def nothing_in_words(_: Service, answers: Answers) -> None:
    assert _stored(answers[0][1]) == 6


def email_twice(_: Service, answers: Answers) -> None:
    [(status, answer)] = answers
    assert (status, answer["errors"][0]["code"]) == (422, "repeated")


def target_twice(_: Service, answers: Answers) -> None:
    (status, _answer), (_, page) = answers
    assert (status, page["data"]) == (422, [])


def words_of_refunds(_: Service, answers: Answers) -> None:
    imported, page = answers[0][1], answers[1][1]
    kinds = {row["external_id"]: row["kind"] for row in page["data"]}
    for line, key in ((3, "2"), (4, "3")):
        assert kinds.get(key) == "refund" or line in _refused(imported)
    assert kinds["5"] == "refund"
    assert 5 in _refused(imported) or "chargeback" in json.dumps(imported)


def refunds_lower_the_value(service: Service, answers: Answers) -> None:
    assert _stored(answers[0][1]) == 6
    service.score("2026-07-01")
    values = {key: service.customer(f"V-{key}")["value"]["amount"] for key in "ABCF"}
    assert values == {"A": "60.00", "B": "0.00", "C": "-30.00", "F": "20.00"}
    assert service.get("/v1/insights/value-tiers")["tiers"]


def id_twice(_: Service, answers: Answers) -> None:
    imported, page = answers[0][1], answers[1][1]
    assert (_stored(imported), _refused(imported)) == (1, {3: "conflicting_duplicate"})
    assert len(page["data"]) == 1


def semicolons(_: Service, answers: Answers) -> None:
    assert _amounts(answers[1][1]) == ["12.50", "1234.50"]
    days = sorted(row["occurred_at"] for row in answers[1][1]["data"])
    assert days == ["2026-01-01T21:00:00Z", "2026-01-12T21:00:00Z"]


def keys_of_spreadsheets(_: Service, answers: Answers) -> None:
    imported = answers[0][1]
    assert set(_refused(imported)) >= {2, 3}
    assert [page["data"] for _, page in answers[2:]] == [[], []]
    assert len({row["customer_id"] for row in answers[1][1]["data"]}) == 1


def thousands(_: Service, answers: Answers) -> None:
    status, imported = answers[0]
    assert status == 422 or set(_refused(imported)) >= {2, 3}
    assert set(_amounts(answers[1][1])) <= {"12.50"}


def closed_without_a_solution(service: Service, answers: Answers) -> None:
    imported = answers[0][1]
    made = {row["external_id"]: row for row in service.listed("/v1/complaints", "helpdesk-closed")}
    assert (made["1"]["state"], made["1"]["resolved_at"]) == ("closed", made["1"]["closed_at"])
    assert "2" in made or re.search("[0-9]{3}", imported["refused"][0]["detail"])


def epoch_seconds(service: Service, answers: Answers) -> None:
    (_, first), (_, second) = answers
    assert _stored(first) == 2
    assert _stored(second) + second["rows_repeated"] == 2 or "%s" in json.dumps(second)
    times = sorted(row["started_at"] for row in service.listed("/v1/interactions", "epoch"))
    assert [at[:19] for at in times] == ["2026-01-02T07:00:00"] * 2


def columns_of_one_name(_: Service, answers: Answers) -> None:
    assert [_stored(imported) for _, imported in answers] == [1, 1]


def webhook_twice(_: Service, answers: Answers) -> None:
    assert [status for status, _ in answers] == [201, 409]
    assert answers[1][1]["code"] == "transaction_exists"


EXPECTED: dict[str, Callable[[Service, Answers], None]] = {
    "address-book-as-a-file": address_book,
    "blank-around-an-email": blank_around_email,
    "branch-with-a-turkish-name": branch_in_any_script,
    "call-logged-against-the-wrong-person": call_of_another_person,
    "calls-named-by-number-only": calls_by_number,
    "do-not-call-of-a-shared-number": do_not_call_of_a_number,
    "encodings-of-other-spreadsheets": code_pages,
    "extension-behind-a-number": extension,
    "key-with-a-slash": key_with_a_slash,
    "lines-above-the-header": lines_above_the_header,
    "month-to-date-file-without-keys": month_to_date,
    "names-typed-without-the-letter": typed_without_the_letter,
    "nothing-written-as-something": nothing_in_words,
    "one-email-twice-in-two-cases": email_twice,
    "one-target-told-twice": target_twice,
    "refund-words-of-another-case": words_of_refunds,
    "refunds-lower-the-value": refunds_lower_the_value,
    "same-id-twice-in-a-file": id_twice,
    "semicolons-and-byte-order-mark": semicolons,
    "spreadsheet-made-keys": keys_of_spreadsheets,
    "thousands-point-taken-for-decimals": thousands,
    "ticket-closed-without-a-solution": closed_without_a_solution,
    "times-as-seconds-since-1970": epoch_seconds,
    "two-columns-of-one-name": columns_of_one_name,
    "webhook-delivered-twice": webhook_twice,
}


@pytest.mark.skipif(not TEXTS, reason="unproved: VEFA_CASES does not name the cases")
@pytest.mark.parametrize("name", TEXTS or ["none"])
def test_a_text(service: Service, name: str) -> None:
    EXPECTED[name](service, service.run(name))
