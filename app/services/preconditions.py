"""If-Match: the change is meant for the version the caller has read."""

from app.errors import PreconditionFailedError, PreconditionRequiredError


def etag(version: int) -> str:
    """The strong entity tag of a version.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


def check_version(version: int | None, if_match: str | None, *, required: bool = False) -> None:
    """Refuse a change meant for another version; ``version`` None means there is no such resource yet.

    Raises:
        PreconditionFailedError: ``if_match`` names other versions, or anything (``*``) where nothing is.
        PreconditionRequiredError: ``if_match`` is missing where it is ``required``.

    >>> check_version(2, '"1", "2"')
    """
    if if_match is None:
        if required:
            raise PreconditionRequiredError("Send If-Match with the ETag you read.")
        return
    tags = [tag.strip() for tag in if_match.split(",")]
    current = version is not None and ("*" in tags or etag(version) in tags)
    if not current:
        headers = {} if version is None else {"ETag": etag(version)}
        raise PreconditionFailedError("The resource has changed since you read it.", headers=headers)
