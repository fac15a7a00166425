"""One caller tries to stop all others: what another caller and `/healthz` meet beside each attack.

    .venv/bin/python -m benchmarks.abuse [DRILL ...] [--database sqlite] [--database postgresql]

Each drill attacks a served demo with at most 1,024 file descriptors, while another caller, with a key and a
process of its own, reads a customer every 50 ms on new connections and asks for `/healthz` as often. A drill
is a function of `DRILLS` that attacks the `Service` it is given and returns what came of it in one line.
"""

import argparse
import secrets
import string
import time
from collections import Counter
from collections.abc import Callable

from app.schemas.customers.customers import EXAMPLE_ID
from benchmarks import abuse_bodies, abuse_jobs
from benchmarks.abused_service import Service, serving
from benchmarks.bystander import watching

Drill = Callable[[Service], str]
DRILLS: dict[str, tuple[Drill, dict[str, str]]] = {
    name: (attack, {}) for name, attack in (abuse_bodies.DRILLS | abuse_jobs.DRILLS).items()
}

READ_ONE = f"/v1/customers/{EXAMPLE_ID}"
HALF_HEADS = 1_100
ATTACK_SECONDS = 8.0


def drill(name: str, **settings: str) -> Callable[[Drill], Drill]:
    """Add a function to the drills under ``name``; it attacks a service with these settings (VEFA_*)."""

    def added(function: Drill) -> Drill:
        DRILLS[name] = function, settings
        return function

    return added


@drill("quiet")
def nothing(_service: Service) -> str:
    """No attack: what to compare the others with."""
    time.sleep(ATTACK_SECONDS)
    return "no attack"


@drill("half-heads")
def half_heads(service: Service) -> str:
    """1,100 request heads without their end, each replaced as soon as it is cut off."""
    clients = []
    opened = refused = 0
    deadline = time.monotonic() + ATTACK_SECONDS
    while time.monotonic() < deadline:
        try:
            client = service.connect(timeout_seconds=1.0)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            clients.append(client)
            opened += 1
        except OSError:
            refused += 1
        if len(clients) >= HALF_HEADS:
            time.sleep(0.005)
            clients.pop(0).close()
    for client in clients:
        client.close()
    return f"{opened} half heads, at most {HALF_HEADS} at once; {refused} not connected"


@drill("logins")
def logins(service: Service) -> str:
    """Random keys one after the other, all well formed."""
    answers = Counter[int]()
    deadline = time.monotonic() + ATTACK_SECONDS
    while time.monotonic() < deadline:
        status, _ = service.send("GET", READ_ONE, authorization=f"Bearer {_random_key()}")
        answers[status] += 1
    return f"{answers.total()} random keys: {dict(answers)}"


@drill("spellings", rate_limit="300/minute")
def spellings(service: Service) -> str:
    """One valid key in many spellings, as fast as it goes, where each key may send 300 requests a minute."""
    key = service.attacker_key
    forms = [f"Bearer {key}", f"bearer {key}", f"Bearer  {key}", f"Bearer {key}\xa0", f"Bearer {key}\x85"]
    answers = Counter[int]()
    deadline = time.monotonic() + ATTACK_SECONDS
    while time.monotonic() < deadline:
        for form in forms:
            answers[service.send("GET", READ_ONE, authorization=form)[0]] += 1
    return f"{answers.total()} requests: {dict(answers)}"


def _random_key() -> str:
    letters, both = string.ascii_lowercase + string.digits, string.ascii_letters + string.digits
    identifier = "".join(secrets.choice(letters) for _ in range(12))
    return f"vefa_live_{identifier}_{''.join(secrets.choice(both) for _ in range(40))}"


def run(database: str, names: list[str]) -> None:
    """Run the drills against one database, each against a service of its own, and print what they met."""
    for name in names:
        attack, settings = DRILLS[name]
        with serving(database, **settings) as service:
            with watching(service.port, service.bystander_key, READ_ONE) as found:
                outcome = attack(service)
            print(f"{database:<11}{name:<12}{outcome}", flush=True)
            for who, waits in found.items():
                print(f"{'':<11}{'':<12}{who:<9} {waits}", flush=True)


def main() -> None:
    """Run the drills that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("drills", nargs="*", metavar="DRILL", help=f"of {', '.join(DRILLS)}; default: all")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    if unknown := set(options.drills) - DRILLS.keys():
        parser.error(f"there is no drill {', '.join(sorted(unknown))}")
    for database in options.database or ["sqlite", "postgresql"]:
        run(database, options.drills or list(DRILLS))


if __name__ == "__main__":
    main()
