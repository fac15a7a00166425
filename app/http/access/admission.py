"""Which requests are let in: the key is checked, and each caller is counted in a window of its own.

A valid key is counted by its id, everything else by the peer's address. The windows of keys lie in a table
that only valid keys enter, so that no flood of made-up keys or addresses displaces them.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import NamedTuple, Protocol

from starlette.types import Scope

from app.domain.common.access import Actor
from app.errors import AppError, RateLimitError, UnauthenticatedError, UnavailableError
from app.http.access.authentication import authenticate, named_agent
from app.http.access.rate_limits import Limiter, Usage, limiter, peer_key
from app.http.openapi.components import API_PREFIX
from app.services.platform.api_keys import Credential

_UNLIMITED = "/healthz"
_OWN_WINDOW = {"/readyz": "readyz", "/metrics": "metrics", "/": "pages"}
_PAGES = ("/docs", "/redoc", "/openapi.json", "/static/", "/problems/")
_MAX_KNOWN = 10_000


class AdmissionSettings(Protocol):
    """The settings used here; `app.settings.Settings` has them."""

    @property
    def rate_limit(self) -> str:
        """Requests per caller, such as ``"6000/minute"``."""

    @property
    def login_rate_limit(self) -> str:
        """Failed logins per peer that are answered 401; those beyond are 429."""

    @property
    def page_rate_limit(self) -> str:
        """Requests per peer for each of `/readyz`, `/metrics` and the pages."""

    @property
    def rate_limit_storage(self) -> str:
        """Where counters live: ``"memory://"`` or ``"redis://..."``."""


class Admitted(NamedTuple):
    """What was decided: the headers that tell of the quota, who the caller is, and why it is refused."""

    headers: list[tuple[bytes, bytes]]
    actor: Actor | None = None
    error: AppError | None = None


class _Window:
    """A limiter with its name on the wire."""

    def __init__(self, name: str, limiter: Limiter) -> None:
        self._name, self._limiter = name.encode(), limiter
        self._policy = b'"%s";q=%d;w=%d' % (self._name, limiter.amount, limiter.seconds)

    async def hit(self, key: str) -> Usage:
        return await self._limiter.hit(key)

    def headers(self, usage: Usage) -> list[tuple[bytes, bytes]]:
        left = b'"%s";r=%d;t=%d' % (self._name, usage.remaining, usage.reset_seconds)
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", left)]

    def admitted(self, usage: Usage, actor: Actor | None = None, detail: str | None = None) -> Admitted:
        if usage.allowed:
            return Admitted(self.headers(usage), actor)
        retry = {"Retry-After": str(max(1, usage.reset_seconds))}
        return Admitted(self.headers(usage), actor, RateLimitError(detail, headers=retry))


class Admission:
    """Counts and checks the callers of one process."""

    def __init__(self, settings: AdmissionSettings) -> None:
        def window(kind: str, rate: str, name: str) -> _Window:
            return _Window(name, limiter(rate, settings.rate_limit_storage, kind))

        self._keys = window("key", settings.rate_limit, "default")
        self._peers = window("peer", settings.rate_limit, "default")
        self._logins = window("login", settings.login_rate_limit, "logins")
        self._own = {name: window(name, settings.page_rate_limit, name) for name in set(_OWN_WINDOW.values())}
        # Digests of keys that were valid: the window of an exhausted one is found without the database.
        self._known: OrderedDict[bytes, None] = OrderedDict()

    async def admit(self, scope: Scope, credential: Credential | None, wrong: bool) -> Admitted:
        """Count a request, and check its key.

        Args:
            scope: the request; its peer counts where no valid key does.
            credential: the key that it names.
            wrong: it will be refused for another reason, so that its key need not be checked.
        """
        path, peer = scope["path"], peer_key(scope.get("client"))
        if path == _UNLIMITED:
            return Admitted([])
        own = _own_window(path)
        if own is not None:
            window = self._own[own]
            return window.admitted(await window.hit(peer))
        if credential is not None and self._is_known(credential):
            usage = await self._keys.hit(credential.id)
            counted = self._keys.admitted(usage)
            if wrong or not usage.allowed:
                return counted
            return await self._checked(scope, credential, peer, counted)
        usage = await self._peers.hit(peer)
        counted = self._peers.admitted(usage)
        if wrong or not usage.allowed or not path.startswith(API_PREFIX):
            return counted
        if credential is not None:
            return await self._checked(scope, credential, peer, counted)
        if any(name == b"authorization" for name, _ in scope["headers"]):
            return await self._failed(peer, counted)
        return counted

    async def _checked(self, scope: Scope, credential: Credential, peer: str, counted: Admitted) -> Admitted:
        services = getattr(scope["app"].state, "services", None)
        if services is None:  # an application without a store: nobody can be known
            return counted
        try:
            request_id, named = scope["state"].get("request_id"), named_agent(scope["headers"])
            known = await authenticate(services, credential, request_id, named)
        except UnauthenticatedError:
            self._known.pop(_digest(credential), None)
            return await self._failed(peer, counted)
        except UnavailableError as error:
            return counted._replace(error=error)
        actor, refusal = known.actor, known.refusal
        if self._is_known(credential):
            return counted._replace(actor=actor, error=refusal)
        self._remember(credential)
        admitted = self._keys.admitted(await self._keys.hit(credential.id), actor)
        return admitted._replace(error=admitted.error or refusal)

    async def _failed(self, peer: str, counted: Admitted) -> Admitted:
        """Count a failed login. Those in excess are refused here, others by the route they wanted."""
        usage = await self._logins.hit(peer)
        detail = "Too many failed logins from this address. A valid key is still let in."
        return counted if usage.allowed else self._logins.admitted(usage, detail=detail)

    def _is_known(self, credential: Credential) -> bool:
        return _digest(credential) in self._known

    def _remember(self, credential: Credential) -> None:
        self._known[_digest(credential)] = None
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)


def _own_window(path: str) -> str | None:
    return _OWN_WINDOW.get(path) or ("pages" if path.startswith(_PAGES) else None)


def _digest(credential: Credential) -> bytes:
    return blake2b(f"{credential.id}{credential.secret}".encode(), digest_size=16).digest()
