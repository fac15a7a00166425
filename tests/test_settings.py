"""Settings come from the environment, and wrong ones are refused at once."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_they_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEFA_TIME_ZONE", "Asia/Baku")
    monkeypatch.setenv("VEFA_PHONE_REGIONS", '["AZ"]')
    company = Settings().company
    assert (company.time_zone, company.phone_regions) == ("Asia/Baku", ("AZ",))


@pytest.mark.parametrize("text", ["AZ,TR", " AZ, TR,", '["AZ", "TR"]'])
def test_a_list_is_written_with_commas_or_as_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("VEFA_PHONE_REGIONS", text)
    assert Settings().phone_regions == ("AZ", "TR")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("reporting_currency", "XXX"),
        ("reporting_currency", "try"),
        ("sqlite_synchronous", "OFF"),
        ("pool_size", "0"),
        ("pages_off", "healthz"),
        ("trusted_proxies", "*"),
        ("trusted_proxies", "proxy.example"),
        ("trusted_proxies", "10.0.0.0/33"),
        ("page_rate_limit", "many"),
        ("login_rate_limit", "many"),
        ("max_connections", "0"),
        ("database_url", "sqlite:///:memory:"),
        ("database_url", "sqlite://"),
        ("database_url", "mysql://u@h/d"),
        ("database_url", "vefa.db"),
    ],
)
def test_wrong_ones_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"VEFA_{name.upper()}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_secret_is_never_shown() -> None:
    assert "hunter2" not in repr(Settings(secret="hunter2" * 6))
