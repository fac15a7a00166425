"""Couriers that are killed while they deliver: nothing is lost, bytes stay the same, new events in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SECRET, empty
from courier_drill import drill

from app.settings import Settings
from app.store import schema

KILLS = 3
"""Ten, at other moments: ``python -m tests.courier_drill``."""


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_of_drill(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        empty(url)
    else:
        url = f"sqlite:///{tmp_path / 'vefa.db'}"
        schema.upgrade(Settings(database_url=url))
    yield Settings(database_url=url, secret=SECRET)
    if request.param == "postgresql":
        empty(url)


def test_every_event_reaches_every_endpoint_in_spite_of_kills(settings_of_drill: Settings) -> None:
    outcome = drill(settings_of_drill, KILLS)
    assert outcome.events > 0
    outcome.check()
