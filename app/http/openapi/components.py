"""The parts every operation of the OpenAPI document shares: answers, headers, the problem schema, tags."""

from typing import Any

Schema = dict[str, Any]

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

ERRORS: dict[int, tuple[str, str]] = {
    400: ("Malformed", "The request is not well-formed."),
    401: ("Unauthenticated", "Credentials are missing or wrong."),
    403: ("Forbidden", "The credentials lack a scope, or see only some units of the company."),
    404: ("NotFound", "There is no such resource, or the caller may not see it."),
    406: ("NotAcceptable", "The Accept header excludes JSON."),
    409: ("Conflict", "The request conflicts with the current state."),
    410: ("Gone", "It is no longer there: it was erased, or is no longer kept."),
    412: ("PreconditionFailed", "If-Match or If-None-Match does not hold for the present ETag."),
    413: ("TooLarge", "The request body is too large."),
    414: ("UriTooLong", "The path and query are too long."),
    415: ("UnsupportedMediaType", "The body has a media type or encoding the operation does not take."),
    422: ("Invalid", "The request is well-formed but breaks a rule; see `errors`."),
    428: ("PreconditionRequired", "If-Match or Idempotency-Key is required."),
    429: ("RateLimited", "Too many requests; wait as long as Retry-After says."),
    431: ("HeadersTooLarge", "The request headers are too many or too long."),
    500: ("Unexpected", "Something went wrong here; the request_id leads to the log."),
    503: ("Unavailable", "Temporarily unavailable; repeat after Retry-After seconds."),
}
"""Name of the shared response and its description, by status."""

API_PREFIX = "/v1/"
"""Whatever lies below needs credentials."""

ALWAYS = frozenset({400, 401, 403, 406, 414, 422, 429, 431, 500, 503})
WITH_BODY = frozenset({413, 415})

COMMON_HEADERS = ("X-Request-Id", "RateLimit", "RateLimit-Policy", "Access-Control-Allow-Origin")


def _text(description: str, max_length: int, pattern: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": max_length, "pattern": pattern, "examples": [example]}
    return {"description": description, "schema": schema}


_PRINTABLE = r"^[\x20-\x7e]+$"
_REFERENCE = {"type": "string", "format": "uri-reference", "maxLength": 2048}
_SECONDS = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400, "examples": [1]}

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": _text(
        "Id of the request, taken from the request or made.", 128, r"^[\x21-\x7e]+$", "01930a3e-2f6b-7c11"
    ),
    "RateLimit": _text("What is left of the quota (IETF draft 10).", 256, _PRINTABLE, '"default";r=99;t=60'),
    "RateLimit-Policy": _text("The quota (IETF draft 10).", 256, _PRINTABLE, '"default";q=100;w=60'),
    "Access-Control-Allow-Origin": _text(
        "The calling page's origin, if it is on the allow-list.", 255, _PRINTABLE, "https://app.example"
    ),
    "ETag": _text("Strong tag of this version.", 80, r'^(W/)?"[\x21\x23-\x7e]*"$', '"3"'),
    "Location": {"description": "Where the new resource is.", "schema": _REFERENCE},
    "Link": _text(
        '`rel="next"`: the next page (RFC 8288).', 4096, _PRINTABLE, '</v1/customers?limit=50>; rel="next"'
    ),
    "Retry-After": {"description": "Seconds to wait.", "schema": _SECONDS},
    "WWW-Authenticate": _text("The expected scheme.", 512, _PRINTABLE, 'Bearer realm="vefa"'),
    "Idempotency-Replayed": {
        "description": "Present when a stored answer was replayed.",
        "schema": {"type": "string", "enum": ["true"], "examples": ["true"]},
    },
}

ACTING_AGENT: Schema = {
    "name": "Vefa-Agent",
    "in": "header",
    "required": False,
    "description": "Code of the agent who does it, as in `/v1/agents/{code}`. A key of a system needs the"
    " scope `agents:act`; a key bound to an agent needs no header. Reads take it, too.",
    "schema": {"type": "string", "maxLength": 400, "pattern": r"^[^\x00]*$"},
}
"""A parameter of every operation that changes something."""

BY_AGENT = "x-by-agent"
"""Marks an operation that only a person can do, with the code of one who can, until the document is
finished."""

ERROR_HEADERS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def header_refs(*names: str) -> dict[str, dict[str, str]]:
    """Return references to the common headers and to ``names`` of `HEADERS`."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*COMMON_HEADERS, *names)}


def _bounded(max_length: int, pattern: str = r"^[^\x00]*$", **more: object) -> Schema:
    return {"type": "string", "maxLength": max_length, "pattern": pattern, **more}


EXISTING: Schema = {
    "title": "ExistingResource",
    "description": "The resource that is in the way of a request that was refused with 409.",
    "type": "object",
    "properties": {
        "id": _bounded(64),
        "href": {**_REFERENCE, "description": "Its address."},
    },
    "required": ["id", "href"],
}
FIELD_PROBLEM: Schema = {
    "title": "FieldProblem",
    "description": "One member of the request that is wrong. Its value is never repeated.",
    "type": "object",
    "properties": {
        "pointer": _bounded(
            512, description="JSON Pointer (RFC 6901) into the body, or the parameter's name."
        ),
        "location": {"type": "string", "enum": ["body", "query", "path", "header", "cookie"]},
        "code": _bounded(64, r"^[a-z0-9_.]+$", description="Stable code of the rule."),
        "detail": _bounded(1000, description="What is expected, in the language of the request."),
        "existing": {"$ref": "#/components/schemas/ExistingResource"},
    },
    "required": ["pointer", "location", "code", "detail"],
}
PROBLEM: Schema = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "maxLength": 2048,
            "description": "A page about this problem, served here.",
        },
        "title": _bounded(200, description="Short summary, in the language of the request."),
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": _bounded(2000, description="What went wrong this time."),
        "instance": {"type": "string", "format": "uri-reference", "maxLength": 2048},
        "code": _bounded(64, r"^[a-z0-9_]+$", description="Stable, machine-readable; never translated."),
        "request_id": _bounded(128, r"^[\x21-\x7e]+$", description="Quote it when asking the operator."),
        "existing": {"$ref": "#/components/schemas/ExistingResource"},
        "errors": {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
    "required": ["type", "title", "status", "code"],
    "examples": [
        {
            "type": "/problems/validation_failed",
            "title": "Validation failed",
            "status": 422,
            "detail": "/name: This member is required.",
            "instance": "/v1/customers",
            "code": "validation_failed",
            "request_id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10",
            "errors": [
                {
                    "pointer": "/name",
                    "location": "body",
                    "code": "missing",
                    "detail": "This member is required.",
                }
            ],
        }
    ],
}

TAGS = {
    "Customers": "People and firms the company serves: contact points, keys in other systems, labels.",
    "Insights": "What is computed over all customers, each figure with its number of cases and its window.",
    "Interactions": "Contacts with customers: calls, messages, visits; and how they can end.",
    "Complaints": "What customers complain of: a life in steps, an owner at every moment, changes as events.",
    "Promises": "What was promised, to customers and by them: by when, kept or broken, seen to by whom.",
    "Incidents": "What went wrong for many: complaints join it, causes and preventions are recorded once.",
    "Compensations": "What is given to make up for failures: within limits at once, above them on request.",
    "Transactions": "Purchases, refunds, charges and cancellations: what a customer's value is made of.",
    "Surveys": "What customers are asked, who was asked, and what was answered.",
    "Competitors": "What studies say of competitors' customers, to compare our own figures with.",
    "Scoring": "Runs that compute the insights as of a day.",
    "Rates": "Exchange rates into the reporting currency, and what serving customers costs.",
    "Standards": "How long things may take, in which working hours, who is told, and what is due now.",
    "Follow-ups": "What is done by itself when a customer answers badly, says a critical word, or waits too "
    "long.",
    "People": "Who serves the customers: units and their queues, agents, and what their roles may do.",
    "Imports": "Files taken in as durable jobs, with a report of every refused row.",
    "Events": "What happened, as other systems learn of it: signed webhooks, and lists to ask for.",
    "Jobs": "Work nobody waits for: its state, progress and result.",
}
"""A tag and its description, in the order of a newcomer's questions. A route with a tag not listed here fails
the lint."""

TAG_GROUPS = {
    "See": ("Customers", "Insights"),
    "Record": ("Interactions", "Complaints", "Promises", "Incidents", "Compensations", "Transactions"),
    "Measure": ("Surveys", "Competitors"),
    "Decide": ("Scoring", "Rates", "Standards", "Follow-ups"),
    "Operate": ("People", "Imports", "Events", "Jobs"),
}
"""Groups of tags, as Redoc shows them."""
