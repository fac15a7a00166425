"""Prometheus counts of requests, by route template so that no value of a request becomes a label, and of what
is stored."""

from collections.abc import Iterator

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector
from starlette.responses import Response

from app.errors import AppError
from app.services.platform import operating_figures
from app.services.platform.operating_figures import Figures
from app.store.engine import Store

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_requests = Counter("vefa_http_requests_total", "Answered requests.", ("method", "route", "status"))
_seconds = Histogram(
    "vefa_http_request_seconds", "Time from head to end of the answer.", ("method", "route"), buckets=_BUCKETS
)
_refusals = Counter(
    "vefa_http_refusals_total", "Callers who wanted more than they may: 401, 403 and 429.", ("status",)
)
REFUSED = frozenset({401, 403, 429})
"""Statuses of callers who wanted more than they may."""
for _status in REFUSED:
    _refusals.labels(str(_status))  # there from the beginning, so that a rate can be computed
# Looking a child up by its labels costs more than counting; templates and statuses are few.
_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. ``route`` is a template; ``status`` 0 means that no answer was begun."""
    method = method if method in _METHODS else "OTHER"
    children = _children.get((method, route, status))
    if children is None:
        children = _requests.labels(method, route, str(status)), _seconds.labels(method, route)
        _children[method, route, status] = children
    if status in REFUSED:
        _refusals.labels(str(status)).inc()
    children[0].inc()
    children[1].observe(seconds)


async def metrics_page(request: Request) -> Response:
    """Answer ``/metrics`` in the text format Prometheus reads.

    What is in the database is read at each scrape; while it does not answer, those figures are missing and
    ``vefa_database_up`` is 0.
    """
    page = generate_latest(REGISTRY)
    services = getattr(request.app.state, "services", None)
    if services is not None:
        page += generate_latest(_Stored(await _figures(services.store)))
    return Response(page, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _figures(store: Store) -> Figures | None:
    try:
        figures: Figures = await store.read(operating_figures.read)
    except AppError:
        return None
    return figures


class _Stored(Collector):
    """The figures of one scrape."""

    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield the figures that there are."""
        figures = self._figures
        yield GaugeMetricFamily(
            "vefa_database_up", "Whether the database answers.", value=figures is not None
        )
        if figures is None:
            return
        jobs = GaugeMetricFamily("vefa_jobs", "Jobs by state.", labels=("state",))
        for state, count in figures.jobs.items():
            jobs.add_metric((state,), count)
        yield jobs
        endpoints = GaugeMetricFamily(
            "vefa_webhook_endpoints", "Webhook endpoints by state.", labels=("state",)
        )
        for state, count in figures.webhook_endpoints.items():
            endpoints.add_metric((state,), count)
        yield endpoints
        for name, about, value in (
            (
                "vefa_oldest_waiting_job_seconds",
                "Age of the oldest job no worker has taken.",
                figures.oldest_waiting_job_seconds,
            ),
            (
                "vefa_current_run_age_seconds",
                "Since the current scoring run was begun.",
                figures.current_run_age_seconds,
            ),
            ("vefa_outbox_events", "Events in the outbox.", figures.outbox_length),
            (
                "vefa_outbox_waiting_events",
                "Events in the outbox that wait for their position.",
                figures.outbox_waiting,
            ),
            (
                "vefa_audit_sealed_entries",
                "Entries of the audit trail up to its head; never fewer than before.",
                figures.audit_sealed,
            ),
            (
                "vefa_audit_waiting_entries",
                "Entries of the audit trail that wait for their seal.",
                figures.audit_waiting,
            ),
            (
                "vefa_audit_alarms",
                "What is wrong with the audit trail and not accepted: run `vefa audit verify`.",
                figures.audit_alarms,
            ),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, about, value=value)
