"""Every way a request can be refused: one class per HTTP status, one stable code per cause.

Knows no web framework. `app.http.problems` turns an `AppError` into RFC 9457 problem details;
titles and details are English message ids with ``{name}`` placeholders, translated on the way out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldError:
    """One member of the input that is wrong, without its value (it may be personal data).

    ``pointer`` is a JSON Pointer into the body, or the parameter's name for other locations.
    ``detail`` is a message id; ``params`` fill its placeholders; ``existing`` is id and address of the
    resource that is in the way, where the caller may see it.
    """

    pointer: str
    code: str
    detail: str
    location: str = "body"
    params: Mapping[str, object] = field(default_factory=dict)
    existing: tuple[str, str] | None = None


class AppError(Exception):
    """A refusal with its HTTP status and a stable machine-readable code."""

    status = 500
    code = "internal_error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        fields: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        existing: tuple[str, str] | None = None,
        **params: object,
    ) -> None:
        super().__init__(detail or code or self.code)
        self.detail = detail
        self.code = code or self.code
        self.fields = tuple(fields)
        self.headers = dict(headers or {})
        self.params = params
        self.existing = existing
        """Id and address of the resource that is in the way, where the caller may see it."""


class StartError(RuntimeError):
    """A process must not start like this; the message says what to do."""


class MalformedError(AppError):
    status, code = 400, "malformed_request"


class UnauthenticatedError(AppError):
    status, code = 401, "unauthenticated"


class ForbiddenError(AppError):
    status, code = 403, "insufficient_scope"


class NotFoundError(AppError):
    status, code = 404, "not_found"


class MethodNotAllowedError(AppError):
    status, code = 405, "method_not_allowed"


class NotAcceptableError(AppError):
    status, code = 406, "not_acceptable"


class ConflictError(AppError):
    status, code = 409, "conflict"


class GoneError(AppError):
    status, code = 410, "gone"


class PreconditionFailedError(AppError):
    status, code = 412, "precondition_failed"


class TooLargeError(AppError):
    status, code = 413, "body_too_large"


class UriTooLongError(AppError):
    status, code = 414, "uri_too_long"


class MediaTypeError(AppError):
    status, code = 415, "unsupported_media_type"


class InvalidError(AppError):
    status, code = 422, "validation_failed"


class PreconditionRequiredError(AppError):
    status, code = 428, "precondition_required"


class RateLimitError(AppError):
    status, code = 429, "rate_limited"


class HeadersTooLargeError(AppError):
    status, code = 431, "headers_too_large"


class UnavailableError(AppError):
    status, code = 503, "unavailable"
