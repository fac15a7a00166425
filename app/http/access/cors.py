"""Which web pages may call the service: an allow-list of origins, never with cookies."""

from collections.abc import Collection, Mapping

_ALLOW_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOW_HEADERS = (
    b"Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match,"
    b" Last-Event-ID, traceparent, Vefa-Agent, X-Request-Id"
)
_EXPOSE_HEADERS = (
    b"Content-Language, ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After,"
    b" X-Request-Id"
)
Headers = list[tuple[bytes, bytes]]


class Cors:
    """The answer headers for an allow-list. An unlisted origin gets none, upon which its browser refuses."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, head: Mapping[bytes, bytes]) -> Headers:
        """Return what to add to an answer."""
        origin = head.get(b"origin")
        if origin not in self._origins or origin is None:
            return []
        return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSE_HEADERS)]

    def preflight(self, head: Mapping[bytes, bytes]) -> Headers | None:
        """Return what to add to the answer of an OPTIONS request, None if it is no preflight."""
        if not self._origins or b"access-control-request-method" not in head:
            return None
        if head.get(b"origin") not in self._origins:
            return []
        return [
            (b"access-control-allow-methods", _ALLOW_METHODS),
            (b"access-control-allow-headers", _ALLOW_HEADERS),
            (b"access-control-max-age", b"600"),
        ]
