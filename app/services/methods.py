"""Every method by which figures are made, from the registries."""

from typing import Any

from sqlalchemy import Connection

from app.domain.access import Actor
from app.domain.churn import MODELS, SIGNALS
from app.domain.indices import INDICES
from app.store.engine import single

Row = dict[str, Any]

_MODEL_NAMES = {
    "mbg_nbd": ("MBG/NBD", "Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007"),
    "bg_nbd": ("BG/NBD", "Fader, Hardie and Lee 2005"),
}
_MODEL_FORMULA = "q = 1 - P(alive) x [1 - ((alpha + T)/(alpha + T + h))^(r + x)]"


@single
def listed(_tx: Connection, _actor: Actor, language: str) -> Row:
    """List indices, churn models and warning signs; names of signs are in the language."""
    indices = [
        {
            "code": index.code,
            "kind": "index",
            "name": index.name,
            "formula": index.formula,
            "source": index.source,
            "documentation": index.documentation,
            "range_low": index.low,
            "range_high": index.high,
            "unit": index.unit,
        }
        for index in INDICES.values()
    ]
    models = [_churn(code, "churn_model", *_MODEL_NAMES[code], _MODEL_FORMULA) for code in MODELS]
    signs = [
        _churn(sign.code, "churn_sign", sign.titles[language], "Vefa", sign.formula)
        for sign in SIGNALS.values()
    ]
    return {"data": [*indices, *models, *signs]}


def _churn(code: str, kind: str, name: str, source: str, formula: str) -> Row:
    place = "churn" if kind == "churn_model" else "warning-signs"
    return {
        "code": code,
        "kind": kind,
        "name": name,
        "formula": formula,
        "source": source,
        "documentation": f"docs/formulas.md#{place}",
        "range_low": 0,
        "range_high": 1,
        "unit": "share",
    }
