"""Satisfaction indices: one module each, and the registry that services, schemas and documents read.

A new index is a module with its ``INDEX``, a line here, a test with its worked example, the same example and
its limits in `app.domain.methods.satisfaction`, translations, and a section of docs/formulas.md, into
which ``python -m tests.refresh_formulas`` writes its formula.
"""

from app.domain.satisfaction import ces, composite, csat, culture, expectation, nps
from app.domain.satisfaction.model import Index

INDICES: dict[str, Index] = {
    module.INDEX.code: module.INDEX for module in (csat, nps, ces, composite, expectation, culture)
}
"""Every index by code, in the order they are listed to people."""
