"""The inbox: each carrier event once, under a unique key, with the answer we gave."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class InboxEntry(Base):
    """One request of the carrier and our answer; a repeat gets the same answer.

    key: call, URL and sequence of the request. The answer is sealed: a number may be read out.
    """

    __tablename__ = "inbox"

    key: Mapped[str] = mapped_column(primary_key=True)
    call_sid: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str]
    effect: Mapped[str]
    sealed_answer: Mapped[bytes | None]
