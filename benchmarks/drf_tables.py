"""Django's settings, and models over Vefa's tables, for `benchmarks.drf`. Needs the extra ``drf``."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import django
from django.apps import AppConfig
from django.conf import settings

import benchmarks
from app.store.types import from_micros, to_micros
from benchmarks.bare import CONTRACT, OF_RUN, SQLITE, URL

if SQLITE:
    DATABASE: dict[str, Any] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": URL.removeprefix("sqlite:///"),
        "OPTIONS": {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            "transaction_mode": "IMMEDIATE",
        },
    }
else:
    from psycopg.conninfo import conninfo_to_dict

    PARTS = conninfo_to_dict(URL)
    DATABASE = {"ENGINE": "django.db.backends.postgresql", "NAME": PARTS.pop("dbname")}
    DATABASE |= {name.upper(): str(PARTS.pop(name, "")) for name in ("user", "password", "host", "port")}

APP = AppConfig("benchmarks", benchmarks)
APP.label = "drf"

settings.configure(
    DATABASES={"default": {**DATABASE, "CONN_MAX_AGE": None}},
    INSTALLED_APPS=["rest_framework", APP],
    ROOT_URLCONF="benchmarks.drf",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    SECRET_KEY="only for the benchmark",  # noqa: S106 - signs nothing
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.db import models  # noqa: E402 - Django reads its settings when imported


class Id(models.BinaryField if SQLITE else models.UUIDField):  # type: ignore[misc]
    """A UUID; 16 bytes on SQLite."""

    def from_db_value(self, value: Any, *_: Any) -> UUID | None:
        """From the database."""
        return UUID(bytes=bytes(value)) if isinstance(value, bytes) else value

    def get_prep_value(self, value: Any) -> Any:
        """To the database."""
        return value.bytes if SQLITE and isinstance(value, UUID) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """To the database, as its driver wants it."""
        return self.get_prep_value(value)


class Instant(models.BigIntegerField if SQLITE else models.DateTimeField):  # type: ignore[misc]
    """An instant; microseconds since 1970 on SQLite."""

    def from_db_value(self, value: Any, *_: Any) -> datetime | None:
        """From the database."""
        return from_micros(value) if isinstance(value, int) else value

    def get_prep_value(self, value: Any) -> Any:
        """To the database."""
        return to_micros(value) if SQLITE and isinstance(value, datetime) else value


class Document(models.TextField):
    """JSON, kept as text."""

    def from_db_value(self, value: Any, *_: Any) -> Any:
        """From the database."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        """To the database."""
        return None if value is None else json.dumps(value)


def table(name: str, members: dict[str, Any], of: str) -> Any:
    """A model over a table that Vefa's migrations made."""
    meta = type("Meta", (), {"managed": False, "db_table": name, "app_label": "drf"})
    return type(of, (models.Model,), {**members, "Meta": meta, "__module__": __name__})


def texts(*members: str) -> dict[str, Any]:
    """Columns of text that may be null."""
    return {name: models.TextField(null=True) for name in members}


def days(*members: str) -> dict[str, Any]:
    """Columns of days that may be null."""
    return {name: models.DateField(null=True) for name in members}


def documents(*members: str) -> dict[str, Any]:
    """Columns of JSON that may be null."""
    return {name: Document(null=True) for name in members}


LISTS = ("contact_points", "external_ids", "do_not_contact", "tags", "attributes", "preferred_hours")
Customer = table(
    "customers",
    {
        "id": Id(primary_key=True),
        "version": models.IntegerField(),
        "created_at": Instant(),
        "updated_at": Instant(),
        **texts("kind", "name", "name_key", "given_name", "family_name", "language", "preferred_channel"),
        **texts("unit", "lifecycle", "left_reason"),
        **days("born_on", "customer_since_on", "left_on", *CONTRACT),
        **documents(*LISTS),
    },
    "Customer",
)
Score = table(
    "customer_scores",
    {
        "customer": models.OneToOneField(
            Customer, models.DO_NOTHING, primary_key=True, related_name="score", db_column="customer_id"
        ),
        "value_minor": models.BigIntegerField(null=True),
        "value_at_risk_minor": models.BigIntegerField(null=True),
        "churn_percent": models.IntegerField(null=True),
        "dormant": models.BooleanField(null=True),
        **texts("tier", "near_threshold", "churn_level", "churn_model", "churn_reason", "quadrant"),
        **documents("churn_facts", "satisfaction"),
    },
    "Score",
)
Run = table(
    "scoring_runs",
    {
        "id": Id(primary_key=True),
        "is_current": models.BooleanField(),
        **texts("currency"),
        **days("as_of", "data_end"),
        **documents(*(name for name in OF_RUN if name != "data_end"), "churn_baselines"),
    },
    "Run",
)
Lookup = table(
    "customer_lookups",
    {
        "pk": models.CompositePrimaryKey("kind", "value", "customer_id"),
        **texts("kind", "value"),
        "customer": models.ForeignKey(Customer, models.DO_NOTHING, related_name="lookups"),
    },
    "Lookup",
)
Complaint = table(
    "complaints",
    {
        "id": Id(primary_key=True),
        "customer": models.ForeignKey(Customer, models.DO_NOTHING, related_name="complaints"),
        **texts("number", "subject", "severity", "state", "owner"),
        "received_at": Instant(),
        "resolved_at": Instant(null=True),
    },
    "Complaint",
)
CALL = ("channel", "direction", "purpose", "topic", "disposition", "agent", "unit", "sentiment")
Interaction = table(
    "interactions",
    {
        "id": Id(primary_key=True),
        "customer": models.ForeignKey(Customer, models.DO_NOTHING, related_name="interactions"),
        "started_at": Instant(),
        "resolved_on_first_contact": models.BooleanField(null=True),
        **texts(*CALL),
    },
    "Interaction",
)
Key = table(
    "api_keys",
    {
        "id": models.TextField(primary_key=True),
        "secret_hash": models.BinaryField(),
        "revoked_at": Instant(null=True),
        "expires_at": Instant(null=True),
    },
    "Key",
)
Entry = table(
    "audit_entries",
    {
        "id": Id(primary_key=True),
        "at": Instant(),
        **texts("actor_id", "action", "object_id"),
        **documents("members"),
    },
    "Entry",
)
Event = table(
    "events",
    {
        "id": Id(primary_key=True),
        "at": Instant(),
        "customer_id": Id(null=True),
        **texts("type", "object_id"),
        **documents("data"),
    },
    "Event",
)
