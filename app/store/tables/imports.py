"""Files taken in, what they wait in, and what was refused of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base
from app.store.types import Key


class Import(Base):
    """One file taken in. ``state``: see `app.domain.imports.states.ImportState`.

    ``next_batch`` and the counters move in the transaction that stores a batch, so each batch counts once.
    ``created_by`` and ``units`` are the caller's, whose rights bind the job as well.
    """

    __tablename__ = "imports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)
    file_sha256: Mapped[str | None] = mapped_column(Text)
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    mapping: Mapped[dict[str, Any]]
    dry_run: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    next_batch: Mapped[int]
    rows_in: Mapped[int] = mapped_column(BigInteger)
    rows_stored: Mapped[int] = mapped_column(BigInteger)
    rows_repeated: Mapped[int] = mapped_column(BigInteger)
    rows_refused: Mapped[int] = mapped_column(BigInteger)
    rows_rounded: Mapped[int] = mapped_column(BigInteger)
    rows_updated: Mapped[int] = mapped_column(BigInteger, server_default="0")
    customers_created: Mapped[int] = mapped_column(BigInteger)
    customers_kept: Mapped[int] = mapped_column(BigInteger, server_default="0")
    refused_by_reason: Mapped[dict[str, Any]]
    records_stored: Mapped[int] = mapped_column(BigInteger, server_default="0")
    rows_alike: Mapped[int] = mapped_column(BigInteger, server_default="0")
    headers_repeated: Mapped[int] = mapped_column(BigInteger, server_default="0")
    words_unmatched: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    answers_excluded: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    error: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    units: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index(None, "created_at", "id"), Index(None, "file_sha256"))


class ImportChunk(Base):
    """A piece of an uploaded file, so that any worker can read it; deleted when the import has ended."""

    __tablename__ = "import_chunks"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportTrial(Base):
    """What a dry run would have stored by now: ``kind`` is row or customer; deleted when it has ended.

    ``digest`` is of a row's values, to tell a repeated row from a conflicting one.
    """

    __tablename__ = "import_trials"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(Key, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(16))


class ImportChange(Base):
    """What an import changed of a customer, so that it can be taken back: one row for each customer, for
    each day of its contract terms, and for each of its sales.

    ``part`` is empty, the day of the terms, or the id of the sale. ``said`` are the members that rows of the
    file have told so far, so that a later row can be held against them (of a sale what its source said
    before); ``before`` and ``after`` those that were changed, null when nothing was. ``version`` is the
    customer's, or the sale's, after the change.
    """

    __tablename__ = "import_changes"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    part: Mapped[str] = mapped_column(Key, primary_key=True)
    created: Mapped[bool]
    version: Mapped[int]
    said: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    changed_at: Mapped[datetime]


class SourceStatement(Base):
    """What the files of a source have said of a customer so far, so that what is new in a later one
    is noticed. ``part``: the day of contract terms, or nothing.

    ``said``: as `app.domain.imports.source_digests` packs it; ``before``: the same without what the import
    ``import_id`` said, which was the last to say something new.
    """

    __tablename__ = "source_statements"

    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key, primary_key=True)
    part: Mapped[str] = mapped_column(Key, primary_key=True)
    said: Mapped[bytes] = mapped_column(LargeBinary)
    before: Mapped[bytes | None] = mapped_column(LargeBinary)
    import_id: Mapped[UUID | None] = mapped_column(index=True)


class ImportTrialPerson(Base):
    """A customer as a dry run would have made or changed it by now, with all that later rows are held
    against: ``state``, rows by table; deleted when the dry run has ended."""

    __tablename__ = "import_trial_people"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]]


class ImportTrialName(Base):
    """A key, number or address by which a customer of a dry run is found."""

    __tablename__ = "import_trial_names"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)


class RefusedRow(Base):
    """A row of a file that was not stored: its first line, why, and which of its values is meant."""

    __tablename__ = "refused_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)


class ImportMapping(Base):
    """A saved way to read files, by name."""

    __tablename__ = "import_mappings"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    mapping: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
