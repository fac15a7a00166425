"""Every method by which figures are made, and how each works."""

from app.domain.common.access import Actor
from app.domain.methods import METHODS, Method
from app.errors import NotFoundError
from app.store.engine import one_statement
from app.store.transactions import ReadTx, Row
from app.texts import translate


@one_statement
def list_methods(_tx: ReadTx, _actor: Actor, language: str) -> Row:
    """List all methods; names are in the language."""
    return {"data": [_shape(method, language) for method in METHODS.values()]}


@one_statement
def get(_tx: ReadTx, _actor: Actor, code: str, language: str) -> Row:
    """Tell of one method with a worked example and its limits, in the language.

    Raises:
        NotFoundError: there is none with this code.
    """
    method = METHODS.get(code)
    if method is None:
        raise NotFoundError("There is no such method.")
    example = {"given": method.example.given, "found": method.example.found}
    return {
        **_shape(method, language),
        "example": example,
        "limits": [translate(limit, language) for limit in method.limits],
    }


# --- inside


def _shape(method: Method, language: str) -> Row:
    return {
        "code": method.code,
        "kind": method.kind,
        "name": translate(method.title, language),
        "formula": method.formula,
        "source": method.source,
        "documentation": method.documentation,
        "range_low": method.low,
        "range_high": method.high,
        "unit": method.unit,
    }
