"""The template of the route that took a request, such as ``/v1/customers/{customer_id}``."""

import re

from fastapi.routing import iter_route_contexts
from starlette.types import Scope

UNMATCHED = "unmatched"
TEMPLATE = "vefa.route_template"
"""Where in the scope `app.http.fast_path` puts it."""


def route_template(scope: Scope) -> str:
    """Return the template for logs and metrics, ``"unmatched"`` when no route took the request.

    Never holds a value of the request. FastAPI 0.165 keeps an included router's full path in the
    effective route context only; ``scope["route"].path`` lacks the prefix it was included with.
    """
    if TEMPLATE in scope:
        return str(scope[TEMPLATE])
    context = scope.get("fastapi", {}).get("effective_route_context")
    if context is not None:
        route = context.starlette_route or context
        return str(getattr(route, "path_format", UNMATCHED))
    route = scope.get("route")
    if route is not None:
        return str(getattr(route, "path_format", UNMATCHED))
    if "app_root_path" in scope:  # inside a mount
        return f"{scope['root_path']}/{{path}}"
    return UNMATCHED


def route_for(scope: Scope) -> str:
    """Return the template of the route that would take a request which is refused before the routes."""
    state = scope["app"].state
    known: list[tuple[re.Pattern[str], set[str], str]] | None = getattr(state, "route_patterns", None)
    if known is None:
        known = state.route_patterns = [
            (route.path_regex, set(route.methods), str(route.path_format))
            for route in iter_route_contexts(scope["app"].routes)
            if route.methods
        ]
    for pattern, methods, template in known:
        if scope["method"] in methods and pattern.match(scope["path"]):
            return template
    return UNMATCHED
