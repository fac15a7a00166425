"""If-Match and If-None-Match: the change is meant for the version the caller has read, or for none."""

from app.domain.common import etags
from app.domain.common.etags import etag
from app.errors import FieldError, InvalidError, PreconditionFailedError, PreconditionRequiredError

__all__ = ["check_version", "etag"]


def check_version(
    version: int | None, if_match: str | None, if_none_match: str | None = None, *, required: bool = False
) -> None:
    """Refuse a change meant for another version; ``version`` None means there is no such resource yet.

    Raises:
        PreconditionFailedError: ``if_match`` names other versions, or anything (``*``) where nothing is;
            ``if_none_match`` names this version, or anything (``*``) where something is.
        InvalidError: a condition without any tag.
        PreconditionRequiredError: ``if_match`` is missing where it is ``required``.

    >>> check_version(2, '"1", "2"')
    >>> check_version(None, None, "*")
    """
    if if_match is None and required:
        raise PreconditionRequiredError("Send If-Match with the ETag you read.")
    for name, condition in (("If-Match", if_match), ("If-None-Match", if_none_match)):
        if condition is not None and not etags.opaque_tags(condition):
            detail = 'Expected * or entity tags, such as "5".'
            raise InvalidError(fields=[FieldError(name, "etag_format", detail, "header")])
    headers = {} if version is None else {"ETag": etag(version)}
    if if_match is not None:
        if version is None:
            raise PreconditionFailedError("There is no such resource yet, and If-Match asks for one.")
        if not etags.names(if_match, version):
            raise PreconditionFailedError("The resource has changed since you read it.", headers=headers)
    if if_none_match is not None and version is not None and etags.names(if_none_match, version):
        detail = "The resource exists already, and If-None-Match asks for none."
        raise PreconditionFailedError(detail, headers=headers)
