"""The same requests by Django REST Framework, as a team would write them there: models, serializers, views.

What Vefa is compared with beside the bare program (`benchmarks/http_requests.py --drf`). It reads and writes
Vefa's own tables through Django's ORM, gives the same members, and works scores and reasons out by the same
functions. It checks the key, keeps the index rows and leaves an audit entry and an event as Vefa does; with
DRF_LEAN=1 it does none of these four. Neither has limits, units, idempotency, conditional requests or a log.

    BARE_DATABASE_URL=sqlite:///vefa.db gunicorn -k gthread --threads 4 benchmarks.drf:application

Needs the extra ``drf`` of the project.
"""

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat

from app.domain.common import names
from app.domain.scoring.score_columns import ROW
from app.services.customers.scores import contract_of, scores_of
from app.services.platform import api_keys
from app.services.scoring import churn_explanations
from benchmarks.bare import CONTRACT, OF_RUN, OWNED, PLAIN, SQLITE, wished
from benchmarks.drf_tables import (
    CALL,
    Complaint,
    Customer,
    Document,
    Entry,
    Event,
    Id,
    Instant,
    Interaction,
    Key,
    Lookup,
    Run,
)

# isort: split
# Django reads its settings, which `drf_tables` makes, when these are imported.
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

LEAN = os.environ.get("DRF_LEAN") == "1"


class At(serializers.Field):
    """An instant as Vefa writes it."""

    def to_representation(self, value: datetime) -> str:
        """As RFC 3339."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Plain(serializers.Field):
    """A document as it is, an id as text."""

    def to_representation(self, value: Any) -> Any:
        """As JSON."""
        return str(value) if isinstance(value, UUID) else value


class ContactPoint(serializers.Serializer):
    """A number or an address that comes in."""

    kind = serializers.ChoiceField(["phone", "email", "social"])
    value = serializers.CharField(max_length=320)
    primary = serializers.BooleanField(default=False)


class NewCustomer(serializers.Serializer):
    """A customer that comes in."""

    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(["person", "organisation"], default="person")
    contact_points = ContactPoint(many=True, required=False)


def model_serializer(model: Any, members: tuple[str, ...]) -> Any:
    """A serializer of some columns of a model."""
    mapping = {Id: Plain, Instant: At, Document: Plain}
    own = {**serializers.ModelSerializer.serializer_field_mapping, **mapping}
    meta = type("Meta", (), {"model": model, "fields": members, "read_only_fields": members})
    parts = {"Meta": meta, "serializer_field_mapping": own}
    return type(f"{model.__name__}Out", (serializers.ModelSerializer,), parts)


class CustomerOut(model_serializer(Customer, PLAIN)):  # type: ignore[misc]
    """A customer with contract and scores; the context has the run and the channels others closed."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """As JSON."""
        return {
            **super().to_representation(instance),
            "contract": contract_of({name: getattr(instance, name) for name in CONTRACT}),
            "do_not_contact_shared": self.context["shared"].get(instance.id, []),
            **scores_of(standing(instance, self.context["run"])),
        }


PopOut = model_serializer(Customer, tuple(name for name in OWNED if name not in CONTRACT))
ComplaintOut = model_serializer(
    Complaint, ("id", "number", "subject", "severity", "state", "owner", "received_at")
)
InteractionOut = model_serializer(Interaction, ("id", "started_at", *CALL, "resolved_on_first_contact"))
CandidateOut = model_serializer(Customer, ("id", "kind", "name", "unit"))


def standing(customer: Any, run: Any) -> dict[str, Any]:
    """What `scores_of` reads, of a customer's score and the current run."""
    score = getattr(customer, "score", None)
    row = {name: getattr(score, name, None) for name in ROW}
    of_run = {name: getattr(run, name, None) for name in OF_RUN}
    return {**row, **of_run, "scored_as_of": run and run.as_of, "score_currency": run and run.currency}


def current_run() -> Any:
    """The scoring run that counts; None before the first."""
    return Run.objects.filter(is_current=True).first()


def shared(customers: list[Any]) -> dict[UUID, list[str]]:
    """The channels of customers that somebody else with their numbers closed."""
    if not customers:
        return {}
    ids = [one.id.bytes if SQLITE else one.id for one in customers]
    found: dict[UUID, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(wished(len(ids)).replace("?", "%s"), (*ids, '%"', '"%'))
        for identity, kind in cursor.fetchall():
            owner = UUID(bytes=bytes(identity)) if isinstance(identity, bytes) else identity
            found.setdefault(owner, []).append(kind)
    return found


# --- views


class KeyAuthentication(BaseAuthentication):
    """The key of a request, looked up and compared."""

    def authenticate(self, request: Request) -> tuple[Any, Any]:
        """Check it."""
        credential = api_keys.parse(request.headers.get("Authorization", "").removeprefix("Bearer "))
        key = credential and Key.objects.filter(id=credential.id, revoked_at=None).first()
        given = hashlib.sha256(credential.secret.encode()).digest() if credential else b""
        if not key or not hmac.compare_digest(bytes(key.secret_hash), given):
            raise exceptions.AuthenticationFailed
        return type("Caller", (), {"is_authenticated": True, "id": key.id}), key


class View(APIView):
    """A view that asks for a key, unless it is the lean program."""

    authentication_classes = [] if LEAN else [KeyAuthentication]
    permission_classes = [] if LEAN else [IsAuthenticated]


class Customers(View):
    """``/v1/customers``"""

    def get(self, _request: Request) -> Response:
        """A page of 50."""
        found = list(Customer.objects.select_related("score").order_by("-created_at", "-id")[:50])
        context = {"run": current_run(), "shared": shared(found)}
        return Response({"data": CustomerOut(found, many=True, context=context).data})

    def post(self, request: Request) -> Response:
        """Record one."""
        wire = NewCustomer(data=request.data)
        wire.is_valid(raise_exception=True)
        given, at = wire.validated_data, datetime.now(UTC)
        points = [dict(point) for point in given.get("contact_points", [])]
        key = " ".join(names.keys(given["name"]))
        with transaction.atomic():
            customer = Customer.objects.create(
                **{"id": uuid_utils.compat.uuid7(), "version": 1, "created_at": at, "updated_at": at},
                **{"name": given["name"], "kind": given["kind"], "name_key": key, "lifecycle": "active"},
                **{"contact_points": points, "attributes": {}},
                external_ids=[],
                do_not_contact=[],
                tags=[],
            )
            if not LEAN:
                record(customer, points, request.user.id, at)
        context = {"run": current_run(), "shared": shared([customer])}
        return Response(CustomerOut(customer, context=context).data, status=201)


def record(customer: Any, points: list[dict[str, Any]], caller: str, at: datetime) -> None:
    """Leave the index rows, the audit entry and the event of a new customer."""
    digits = ["+90" + "".join(filter(str.isdigit, one["value"]))[1:] for one in points]
    found = [("phone", number) for number in digits]
    found += [("word", word) for word in names.keys(customer.name)]
    Lookup.objects.bulk_create(Lookup(kind=kind, value=value, customer=customer) for kind, value in found)
    action, identity = "customer.created", str(customer.id)
    Entry.objects.create(
        id=uuid_utils.compat.uuid7(),
        at=at,
        actor_id=f"key:{caller}",
        action=action,
        object_id=identity,
        members=[],
    )
    Event.objects.create(
        id=uuid_utils.compat.uuid7(),
        **{"at": at, "type": action, "customer_id": customer.id, "object_id": identity},
        data={"members": []},
    )


class OneCustomer(View):
    """``/v1/customers/{id}``"""

    def get(self, _request: Request, customer_id: UUID) -> Response:
        """Read one."""
        customer = Customer.objects.select_related("score").get(id=customer_id)
        context = {"run": current_run(), "shared": shared([customer])}
        return Response(CustomerOut(customer, context=context).data)


class ScreenPop(View):
    """``/v1/screen-pop``"""

    def get(self, request: Request) -> Response:
        """Who has a telephone number."""
        digits = "".join(filter(str.isdigit, request.query_params["phone"]))
        contacts = Interaction.objects.filter(customer=OuterRef("pk")).order_by().values("customer")
        last = Subquery(contacts.annotate(last=Max("started_at")).values("last"), output_field=Instant())
        owners = Customer.objects.filter(
            lookups__kind="phone", lookups__value="+" + digits.removeprefix("00")
        )
        found = list(
            owners.select_related("score").annotate(last_contact_at=last).order_by("-last_contact_at")[:7]
        )
        run, closed = current_run(), shared(found)
        answer: dict[str, Any] = {"match": "none", "customer": None, "candidates": []}
        if found:
            answer = {
                "match": "maybe" if found[1:6] else "known",
                "customer": glance(found[0], run, closed),
                "candidates": [candidate(one, closed) for one in found[1:6]],
            }
        return Response({**answer, "has_more_candidates": len(found) > 6})


def glance(customer: Any, run: Any, closed: dict[UUID, list[str]]) -> dict[str, Any]:
    """A customer as the screen shows it."""
    scores = scores_of(standing(customer, run))
    if scores["churn"] is not None:
        facts = customer.score.churn_facts, run.churn_baselines, run.as_of, run.data_end
        scores["churn"]["reasons"] = churn_explanations.reasons_of(*facts, "en", 3)
    waiting = customer.complaints.filter(resolved_at=None).order_by("-received_at")
    return {
        **PopOut(customer).data,
        "contract": contract_of({name: getattr(customer, name) for name in CONTRACT}),
        "do_not_contact_shared": closed.get(customer.id, []),
        **scores,
        "open_complaints_count": waiting.count(),
        "open_complaints": ComplaintOut(waiting[:5], many=True).data,
        "last_interactions": InteractionOut(
            customer.interactions.order_by("-started_at")[:5], many=True
        ).data,
    }


def candidate(customer: Any, closed: dict[UUID, list[str]]) -> dict[str, Any]:
    """Somebody else with the number."""
    last = customer.last_contact_at
    return {
        **CandidateOut(customer).data,
        "tier": getattr(getattr(customer, "score", None), "tier", None),
        "last_contact_at": None if last is None else At().to_representation(last),
        "do_not_contact_shared": closed.get(customer.id, []),
    }


urlpatterns = [
    path("v1/screen-pop", ScreenPop.as_view()),
    path("v1/customers/<uuid:customer_id>", OneCustomer.as_view()),
    path("v1/customers", Customers.as_view()),
]
application = get_wsgi_application()
