"""What routes say about themselves in OpenAPI, and the document made of it.

Usage in a route module::

    @router.get("", response_model=CustomerPage, summary="List customers", responses=paged())
    @router.post("", status_code=201, response_model=CustomerRead, summary="...", responses=created())
    @router.get("/{customer_id}", response_model=CustomerRead, summary="...", responses=read())
    @router.patch("/{customer_id}", response_model=CustomerRead, summary="...", responses=changed())
    @router.delete("/{customer_id}", status_code=204, summary="...", responses=deleted())
    @router.post("/imports", status_code=202, response_model=JobRead, summary="...", responses=accepted())

The arguments are the *further* refusals of the operation. Those every operation shares (400, 401, 403,
406, 422, 429, 500, 503, and 413, 415 where there is a body) are added when the document is made, as are
operationId, security and the scopes found in the dependency made by ``app.http.call.may``.
"""

import asyncio
import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from app.http.openapi.components import ERRORS, JSON, Schema, header_refs
from app.http.openapi.document import finish

Responses = dict[int | str, dict[str, Any]]

COMMITTED = Path(__file__).parents[2] / "openapi.json"
"""The document as ``vefa openapi`` prints it; what is served."""


def install_openapi(app: FastAPI, *, served: bool = True) -> None:
    """Make ``app.openapi()`` give the finished document, and serve the committed one. Call after the routes.

    ``app`` must be made with ``FastAPI(openapi_url=None, docs_url=None, redoc_url=None)``.

    Raises:
        ValueError: FastAPI serves a document of its own, which would come first.
    """
    if app.openapi_url is not None:
        raise ValueError("make the app with openapi_url=None")
    raw_openapi = app.openapi

    def openapi() -> Schema:
        if app.openapi_schema is None:
            app.openapi_schema = finish(raw_openapi(), app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
    # A function of the module: FastAPI keeps every endpoint for ever, and with a closure the app.
    if served:
        app.add_api_route("/openapi.json", _document, include_in_schema=False)


async def _document(request: Request) -> Response:
    """Serve the committed document. To make it of the routes takes more than a second of one core."""
    plain, compressed, digest = await asyncio.to_thread(_committed)
    zipped = _accepts_gzip(request.headers.get("accept-encoding", ""))
    tags = {False: f'"{digest}"', True: f'"{digest}-gzip"'}
    headers = {"ETag": tags[zipped], "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    known = request.headers.get("if-none-match", "")
    if any(tag in known for tag in tags.values()):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(compressed if zipped else plain, media_type=JSON, headers=headers)


@lru_cache(maxsize=1)
def _committed() -> tuple[bytes, bytes, str]:
    """The committed document, the same compressed, and its digest.

    It is not parsed, which would stop all other requests for a while. A test compares it with the routes.
    """
    plain = COMMITTED.read_bytes()
    return plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:32]


def _accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header admits gzip.

    >>> [_accepts_gzip(text) for text in ("gzip, br", "*", "br", "gzip;q=0, *", "GZIP;q=0.5", "")]
    [True, True, False, False, True, False]
    """
    qualities = {}
    for member in accepted.lower().split(","):
        coding, _, parameters = member.partition(";")
        qualities[coding.strip()] = not re.fullmatch(r"\s*q=0(\.0*)?\s*", parameters)
    return qualities.get("gzip", qualities.get("*", False))


def responses(
    *errors: int,
    status: int = 200,
    description: str = "Done",
    etag: bool = False,
    location: bool = False,
    paged: bool = False,
    replayed: bool = False,
) -> Responses:
    """Return what ``responses=`` of a route takes.

    Args:
        errors: statuses of `ERRORS` this operation refuses with beyond the shared ones.
        status: of the success; the same as the route's ``status_code``.
        description: of the success.
        etag: the success carries ETag.
        location: the success carries Location.
        paged: the success carries Link.
        replayed: the operation takes Idempotency-Key, so that the success may be a replay.

    Raises:
        KeyError: an error status that `ERRORS` does not describe.
    """
    flags = {"ETag": etag, "Location": location, "Link": paged, "Idempotency-Replayed": replayed}
    headers = header_refs(*[name for name, wanted in flags.items() if wanted])
    result: Responses = {status: {"description": description, "headers": headers}}
    result.update({error: {"description": ERRORS[error][1]} for error in errors})
    return result


def paged(*errors: int) -> Responses:
    """Return the answers of a list: 200 with Link."""
    return responses(*errors, description="One page", paged=True)


def read(*errors: int, etag: bool = True) -> Responses:
    """Return the answers of reading one resource: 200, 404, and with ``etag`` also 304."""
    result = responses(404, *errors, description="The resource", etag=etag)
    if etag:
        result[304] = {"description": "Not modified since the given ETag", "headers": header_refs("ETag")}
    return result


def created(*errors: int, batch: bool = False, etag: bool = True) -> Responses:
    """Return the answers of POST: 201 with Location (and ETag), and 409 (also: the key is in flight).

    With ``batch`` there are no ETag and Location, and 207 is possible: some items were refused. What has
    no versions has no ``etag``.
    """
    one = not batch
    headers = {"etag": one and etag, "location": one, "replayed": True}
    result = responses(409, *errors, status=201, description="Created", **headers)
    if batch:
        result[207] = {
            "description": "Some items were refused",
            "headers": header_refs("Idempotency-Replayed"),
        }
    return result


def changed(*errors: int, upsert: bool = False) -> Responses:
    """Return the answers of PATCH or PUT: 200 with ETag, 404, 409, 412; with ``upsert`` also 201."""
    result = responses(404, 409, 412, *errors, description="Changed", etag=True)
    if upsert:
        result[201] = {"description": "Created", "headers": header_refs("ETag", "Location")}
    return result


def deleted(*errors: int, etag: bool = True) -> Responses:
    """Return the answers of DELETE: 204, 404, and with ``etag`` also 412."""
    stale = (412,) if etag else ()
    return responses(404, *stale, *errors, status=204, description="Deleted")


def accepted(*errors: int) -> Responses:
    """Return the answers of starting a job: 202 with Location, 409 (also: the key is in flight)."""
    return responses(409, *errors, status=202, description="Accepted as a job", location=True, replayed=True)


def needs(*scopes: str) -> dict[str, Any]:
    """Return ``openapi_extra`` stating the scopes: ``@router.get("", ..., **needs(Scope.CUSTOMERS_READ))``.

    Documentation only, and only for routes whose scopes are not read from a ``requires(...)`` dependency.
    """
    return {"openapi_extra": {"x-required-scopes": [str(scope) for scope in scopes]}}
