"""The committed OpenAPI document is the one the application gives."""

import json
import re
from pathlib import Path
from typing import Any

from conftest import SECRET

from app.main import create_app
from app.settings import Settings

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "docs" / "openapi.json"


def document() -> dict[str, Any]:
    return create_app(Settings(secret=SECRET)).openapi()


def test_the_snapshot_is_up_to_date() -> None:
    committed = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert committed == document(), "the API has changed; refresh with: vefa openapi > docs/openapi.json"


def test_the_document_does_not_depend_on_where_or_how_the_service_runs() -> None:
    other = Settings(
        database_url="postgresql://someone@somewhere/else", secret=SECRET, reporting_currency="AZN"
    )
    assert create_app(other).openapi() == document()
    text = SNAPSHOT.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert SECRET not in text
    hosts = set(re.findall(r"https?://([^/\"\s)]+)", text))
    assert hosts <= {"vefa.example", "app.example", "pbx.example", "www.apache.org"}


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)))
    assert references
    for reference in references:
        found: Any = whole
        for step in reference.split("/"):
            found = found[step]
