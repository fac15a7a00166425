"""What the documentation shows, moved to the days of a demo."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from app.schemas.common import examples
from app.schemas.common.base import Input
from app.store.transactions import Row

M = TypeVar("M", bound=Input)


def example(model: type[BaseModel]) -> Row:
    """What the documentation shows of a model."""
    known: Any = model.model_config.get("json_schema_extra")
    return dict(known["examples"][0]) if known else examples.example(model.__name__)


@dataclass(frozen=True, slots=True)
class Examples:
    """What the documentation shows, ``earlier`` by so long."""

    earlier: timedelta

    def row(self, model: type[BaseModel]) -> Row:
        """The example of a model."""
        return {name: self.moved(value) for name, value in example(model).items()}

    def of(self, read: type[BaseModel], create: type[M]) -> M:
        """The request that makes the example of an answer."""
        shown = self.row(read)
        return create.model_validate({name: shown[name] for name in create.model_fields if name in shown})

    def moved(self, value: Any) -> Any:
        """A value; an instant or a day (text) is earlier, everything else is itself."""
        if not self.earlier or not isinstance(value, str):
            return value
        if _DAY.fullmatch(value):
            return (date.fromisoformat(value) - self.earlier).isoformat()
        return self.at(value).isoformat() if _INSTANT.fullmatch(value) else value

    def at(self, value: str) -> datetime:
        """An instant that stands in an example."""
        return datetime.fromisoformat(value) - self.earlier


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z")
