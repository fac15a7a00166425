"""What a caller needs beside the scopes of its operation: those of what it sends, and the units it names."""

from app.domain.common.access import Actor, Scope
from app.errors import FieldError, ForbiddenError

LIMITED = "This belongs to the whole company, and the key is limited to units. Use a key without units."


def require(actor: Actor, *scopes: Scope) -> None:
    """Check that the caller holds every scope.

    Raises:
        ForbiddenError: it lacks one, which the detail names.
    """
    for scope in scopes:
        if not actor.may(scope):
            raise ForbiddenError("The credentials lack the scope {scope}.", scope=scope.value)


def unit_problems(actor: Actor, unit: str | None, *, is_required: bool) -> list[FieldError]:
    """Say that the caller may not label a record with ``unit``, a unit it is not limited to.

    ``is_required``: the record is found by its unit alone, so that a limited caller must name one of its own.
    """
    if actor.may_use_unit(unit) or (unit is None and not is_required):
        return []
    return [FieldError("/unit", "unit_not_allowed", "This key is limited to other units.")]
