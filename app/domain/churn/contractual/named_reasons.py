"""What a model of contracts says of one customer: the parts of its columns summed by theme or attribute."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.churn.explanations.contributions import ATTRIBUTE, Contribution
from app.domain.churn.inputs.attributes import NAMED, as_number, spelled
from app.domain.churn.models.contract import ContractModel
from app.domain.common.arrays import FloatArray


def contributions_of(
    model: ContractModel,
    parts: FloatArray,
    document: Mapping[str, Any] | None,
    themes: Mapping[str, Contribution],
    theme_of: Mapping[str, str] | None = None,
) -> list[Contribution]:
    """Contributions of one customer, the greatest, either way, first; they add up to the sum of ``parts``.

    Args:
        model: what was learned.
        parts: of its columns, against the mean customer, shape (columns,).
        document: the customer's named attributes; None where none are recorded.
        themes: what is said of the others, by code, with a contribution of 0.
        theme_of: the theme of each feature that is no named attribute; by default itself.
    """
    sums = dict.fromkeys(themes, 0.0)
    named = {name: 0.0 for name in model.attribute_names if name.startswith(NAMED)}
    for name, part in zip(model.encoding.owners, parts.tolist(), strict=True):
        if name in named:
            named[name] += part
        else:
            sums[name if theme_of is None else theme_of[name]] += part
    found = [replace(themes[code], contribution=total) for code, total in sums.items()]
    found += [_of_attribute(name.removeprefix(NAMED), document, total) for name, total in named.items()]
    return sorted(found, key=lambda part: -abs(part.contribution))


def _of_attribute(name: str, document: Mapping[str, Any] | None, total: float) -> Contribution:
    text = spelled(None if document is None else document.get(name))
    return Contribution(ATTRIBUTE, as_number(text), None, total, attribute=name, text=text or None)
