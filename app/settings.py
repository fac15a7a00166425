"""Every environment variable, in one frozen object that is passed down and never global."""

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from limits import parse_many
from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.domain.common.company import Company
from app.domain.common.money import minor_digits
from app.domain.events.webhook_urls import Rules


def _wrong(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_setting", sentence)


class Settings(BaseSettings):
    """Read from ``VEFA_*`` environment variables; every one has a default but ``VEFA_SECRET``."""

    model_config = SettingsConfigDict(env_prefix="VEFA_", frozen=True, extra="ignore")

    database_url: str = Field(
        "sqlite:///vefa.db", description="SQLAlchemy URL of the store: sqlite:///FILE or postgresql://..."
    )
    read_database_url: str | None = Field(
        None, description="Replica for reads (PostgreSQL); default: the store itself."
    )
    secret: SecretStr | None = Field(
        None,
        description="Keys cursors and the audit trail's seal; at least 32 random characters, to serve.",
    )
    secret_previous: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="The earlier secret, or several as a JSON list: what they sealed still verifies.",
    )
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL",
        description="NORMAL trades the last commits at power loss for speed.",
    )
    pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="PostgreSQL connections of a process for writes; as many again for reads.",
    )
    write_wait_seconds: float = Field(
        5.0, gt=0, description="A write that waits longer for its turn is refused with 503."
    )
    time_zone: str = Field(
        "Europe/Istanbul", description="The company's IANA zone: a day is a local calendar day."
    )
    reporting_currency: str = Field("TRY", description="ISO 4217 code all values are reported in.")
    phone_regions: Annotated[tuple[str, ...], NoDecode] = Field(
        ("TR", "AZ"), description="Regions tried for phone numbers without a country code, in order."
    )
    rate_limit: str = Field(
        "6000/minute", description="Requests per key, and per address without a valid key, as in `limits`."
    )
    login_rate_limit: str = Field(
        "20/minute",
        description="Failed logins per address, answered 401; those beyond are 429, valid keys pass.",
    )
    page_rate_limit: str = Field(
        "600/minute",
        description="Requests per address for each of /readyz, /metrics and the pages of documentation.",
    )
    rate_limit_storage: str = Field(
        "memory://", description="Where counters live; redis://... shares them between processes."
    )
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Largest request body but for imports.")
    max_import_bytes: int = Field(512 * 1024 * 1024, ge=1024, description="Largest import upload.")
    max_connections: int = Field(
        1000, ge=16, le=1_000_000, description="Client connections of a process at once."
    )
    max_requests: int = Field(
        1000, ge=16, le=1_000_000, description="Requests in flight in a process, reads and writes each."
    )
    wait_target_seconds: float = Field(
        0.3,
        gt=0,
        le=60,
        description="When requests wait longer on and on, fewer are let in; the others are 503 at once.",
    )
    pages_off: Annotated[tuple[Literal["docs", "metrics"], ...], NoDecode] = Field(
        (), description="Pages open to everybody to leave out: docs (with the OpenAPI document), metrics."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses and networks of proxies whose X-Forwarded-For is believed."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins allowed to call from a browser."
    )
    audit_reads: Literal["off", "single", "all"] = Field(
        "off", description="Reads of customers noted in the audit trail: of single ones, or of lists as well."
    )
    worker_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        description="Stable unique name of this worker; default: host name and slot.",
    )
    job_concurrency: int = Field(
        3, ge=1, le=64, description="Jobs a worker runs at once; from two on, one of them is a short one."
    )
    duties_off: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Duties of workers to leave out: "
        "positions, audit_witness, audit_check, statistics, idempotency_keys, events, webhook_attempts, "
        "workflows, strays, auto_close, agents, standards.",
    )
    events_keep_days: int = Field(
        30, ge=1, le=3650, description="Days for which events are kept, to be sent, listed and streamed."
    )
    streams_most: int = Field(
        1000, ge=0, le=100_000, description="Streams of events that a process holds open; beyond: 503."
    )
    webhook_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Networks of the company's own that webhooks may go to, on any port, also by http."
    )
    webhook_ports: Annotated[tuple[int, ...], NoDecode] = Field(
        (443,), description="Ports on the public Internet that webhooks may go to."
    )
    complaint_owner: str = Field(
        "complaints-desk",
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,98}[^\s\x00-\x1f\x7f-\x9f])?$",
        description="Who owns a complaint that names nobody: a desk or a person that is always there.",
    )
    complaint_auto_close_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="Days of silence after which a resolved complaint closes by itself; 0: never. "
        "A category may say another number.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )

    @field_validator("database_url", "read_database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None or value.startswith(("postgresql://", "postgresql+psycopg://")):
            return value
        file = value.removeprefix("sqlite:///").strip()
        if not file or file.startswith(":memory:") or not value.startswith("sqlite:///"):
            raise _wrong("expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")
        return value

    @field_validator(
        "phone_regions",
        "cors_origins",
        "duties_off",
        "pages_off",
        "trusted_proxies",
        "webhook_networks",
        "webhook_ports",
        mode="before",
    )
    @classmethod
    def _list(cls, value: Any) -> Any:
        """A list as JSON (``["TR","AZ"]``) or with commas (``TR,AZ``)."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        try:
            return json.loads(value)
        except ValueError:
            raise _wrong('expected a list with commas, as TR,AZ, or as JSON, as ["TR","AZ"]') from None

    @field_validator("secret_previous", mode="before")
    @classmethod
    def _secrets(cls, value: Any) -> Any:
        """One secret as it is, for it may have commas, or several as JSON (``["...","..."]``)."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return (value,) if value else ()
        try:
            return json.loads(value)
        except ValueError:
            raise _wrong('expected one secret, or several as JSON, as ["...","..."]') from None

    @field_validator("phone_regions")
    @classmethod
    def _known_regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not SUPPORTED_REGIONS.issuperset(value):
            raise _wrong("expected ISO 3166 codes of countries, as TR,AZ")
        return value

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _known_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for proxy in value:
                ip_network(proxy, strict=False)
        except ValueError:
            raise _wrong("expected addresses or networks, as 10.0.0.5,192.168.7.0/24") from None
        return value

    @field_validator("rate_limit", "login_rate_limit", "page_rate_limit")
    @classmethod
    def _known_rate(cls, value: str) -> str:
        try:
            parse_many(value)
        except ValueError:
            raise _wrong("expected a number for a period, as 6000/minute") from None
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise _wrong("expected an IANA time zone, as Europe/Istanbul") from None
        return value

    @field_validator("reporting_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        try:
            minor_digits(value)
        except ValueError:
            raise _wrong("expected an ISO 4217 code, as TRY") from None
        return value

    @property
    def company(self) -> Company:
        """The company these settings describe."""
        return Company(self.time_zone, self.reporting_currency, self.phone_regions, self.complaint_owner)

    @property
    def webhook_rules(self) -> Rules:
        """Where webhooks may go."""
        return Rules(frozenset(self.webhook_ports), self.webhook_networks)

    @property
    def secret_text(self) -> str | None:
        """The secret in plain text."""
        return None if self.secret is None else self.secret.get_secret_value()

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is the embedded SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, or None for PostgreSQL."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None
