"""Prometheus counts of requests, by route template so that no value of a request becomes a label."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from prometheus_client.registry import REGISTRY
from starlette.responses import Response

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_requests = Counter("vefa_http_requests_total", "Answered requests.", ("method", "route", "status"))
_seconds = Histogram(
    "vefa_http_request_seconds", "Time from head to end of the answer.", ("method", "route"), buckets=_BUCKETS
)
# Looking a child up by its labels costs more than counting; templates and statuses are few.
_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. ``route`` is a template; ``status`` 0 means that no answer was begun."""
    method = method if method in _METHODS else "OTHER"
    children = _children.get((method, route, status))
    if children is None:
        children = _requests.labels(method, route, str(status)), _seconds.labels(method, route)
        _children[method, route, status] = children
    children[0].inc()
    children[1].observe(seconds)


async def metrics_page() -> Response:
    """Answer ``/metrics`` in the text format Prometheus reads."""
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
