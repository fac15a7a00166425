"""Requests made from the OpenAPI document itself, by schemathesis with all its checks, on both databases.

The ordinary run is short and always the same, and each database gets its part: PostgreSQL, which is
the stricter one about values, the bounds of every member; SQLite the examples (`test_examples` sends them on
both), and what is made up and put in a row.
``VEFA_SCHEMATHESIS_EXAMPLES=200`` makes a long one (cases for each operation and phase), all of it on both
databases, that differs every time. ``tests/schemathesis.toml`` says what is allowed.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from live import serving

from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.schemas.people.agents import AgentPut
from app.services.people import agents
from app.services.platform import api_keys
from app.settings import Settings
from app.store.engine import Store

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("VEFA_SCHEMATHESIS_EXAMPLES")
AMOUNT = ["--max-examples", LONG] if LONG else ["--max-examples", "2", "--generation-deterministic"]
ACTING = "schemathesis"  # as in the configuration: whoever is unknown is refused everything
PHASES = {"postgresql": "coverage", "sqlite": "examples,fuzzing,stateful"}


def test_the_service_keeps_what_its_document_promises(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    token = store.write_sync(api_keys.create, system(Company()), "schemathesis", list(Scope))
    store.write_sync(agents.put, system(Company()), ACTING, AgentPut(name="Who acts"), None)
    program = Path(sys.executable).with_name("st")
    database = settings.database_url.partition(":")[0]
    phases = [] if LONG else ["--phases", PHASES[database]]
    with serving(settings) as address:
        command = [
            program,
            "--config-file",
            ROOT / "tests/schemathesis.toml",
            "run",
            f"{address}/openapi.json",
        ]
        options = [
            *AMOUNT,
            *phases,
            "--continue-on-failure",
            "--request-timeout",
            "30",
            "--no-color",
        ]
        header = ["--header", f"Authorization: Bearer {token}"]
        run = subprocess.run(
            [*command, *options, *header],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=3600,
            check=False,
        )
    said = re.sub(r"^ +curl .*$", "    curl ...", run.stdout, flags=re.MULTILINE)
    assert run.returncode == 0, f"{said[-20_000:]}\n{run.stderr[-2000:]}"
    selected = re.search(r"Selected: (\d+)/(\d+)", said)
    assert selected is not None
    assert selected[1] == selected[2]
    least = 1000 if database == "postgresql" else 700
    assert int(re.search(r"(\d+) generated", said)[1]) > least  # type: ignore[index]
