"""The bell that tells idle workers of new jobs; only PostgreSQL has one."""

import pytest

from app.domain.common.access import Actor
from app.services.platform import jobs
from app.settings import Settings
from app.store import job_notifications
from app.store.engine import Store


@pytest.fixture
def settings(postgres_url: str) -> Settings:
    return Settings(database_url=postgres_url)


def test_the_bell_rings_when_a_job_commits(settings: Settings, store: Store, actor: Actor) -> None:
    bell = job_notifications.JobListener(settings)
    assert bell.wait(0.1), "at first one has to look"
    assert not bell.wait(0.1)
    store.write_sync(jobs.create, actor, "imports", {})
    assert bell.wait(60), "not because the time was over"
    assert not bell.wait(0.1)
    bell.close()
    assert bell.wait(0.1), "after a lost connection one has to look"
    bell.close()


def test_what_is_rolled_back_does_not_ring(settings: Settings, store: Store) -> None:
    bell = job_notifications.JobListener(settings)
    bell.wait(0.1)

    def ring_and_fail(tx: object) -> None:
        job_notifications.notify(tx)  # type: ignore[arg-type]
        raise KeyError

    with pytest.raises(KeyError):
        store.write_sync(ring_and_fail)
    assert not bell.wait(0.3)
    bell.close()
