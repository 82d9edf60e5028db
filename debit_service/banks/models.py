"""Every file that went to a bank or came from one: its hash in the clear, its bytes sealed in chunks."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base


class BankFile(Base):
    """A file, once: the same bytes under another name are the same file. Banks put account numbers into names: it is sealed."""

    __tablename__ = "bank_files"
    __table_args__ = (
        UniqueConstraint("direction", "sha256"),
        CheckConstraint("direction in ('in', 'out')", name="direction"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    direction: Mapped[str]
    bank_id: Mapped[str]
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    stored_at: Mapped[datetime]


class BankFileChunk(Base):
    """A mebibyte of a file, sealed. In the database and not in a folder: the file and what was made of it commit together."""

    __tablename__ = "bank_file_chunks"

    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
