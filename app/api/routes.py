"""The template of the route that took a request, such as ``/v1/customers/{customer_id}``."""

from starlette.types import Scope

UNMATCHED = "unmatched"
TEMPLATE = "vefa.route_template"
"""Where in the scope `app.api.direct` puts it."""


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
