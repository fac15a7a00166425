"""What serving customers costs."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base
from app.store.types import Key


class UnitCost(Base):
    """What a contact over a channel, or a return, costs: decimals as text, in the major unit of ``currency``.

    The currency is kept because the reporting currency of a deployment can be changed: what was said in
    another one is then not used.
    """

    __tablename__ = "unit_costs"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    per_contact: Mapped[str] = mapped_column(Text)
    per_minute: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
