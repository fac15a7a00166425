"""What a process that serves must not load: each of these costs start time and tens of megabytes."""

import json
import subprocess
import sys
from pathlib import Path

LATE = {"sklearn", "polars", "scipy", "dbos"}
"""Libraries that only jobs and imports use, once one is at work."""

PROGRAM = """
import json, sys
from app.main import create_app
from app.settings import Settings

create_app(Settings(secret="a-secret-of-the-tests-with-40-CHARACTERS")).openapi()
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_serving_loads_no_library_of_jobs(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(ran.stdout.splitlines()[-1]))
    assert "fastapi" in loaded
    assert not LATE & loaded
