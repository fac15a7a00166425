"""Every method by which figures are made, with a worked example: what people and programs can look up.

A new index, model or sign needs an example here; a test names those that lack one.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.methods import (
    churn,
    comparison,
    compensations,
    cross_section,
    failures,
    learned_churn,
    lifetime_value,
    profit,
    recovery,
    satisfaction,
    signals,
    standards,
    value,
)
from app.domain.methods.model import Method, MethodKind

__all__ = ["METHODS", "Method", "MethodKind"]

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        method.code: method
        for method in (
            *satisfaction.METHODS,
            *comparison.METHODS,
            *value.METHODS,
            *profit.METHODS,
            *lifetime_value.METHODS,
            *churn.METHODS,
            *learned_churn.METHODS,
            *cross_section.METHODS,
            *signals.METHODS,
            *failures.METHODS,
            *recovery.METHODS,
            *compensations.METHODS,
            *standards.METHODS,
        )
    }
)
"""The methods by code, in the order they are listed to people."""
