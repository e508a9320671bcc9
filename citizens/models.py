"""Tables of who calls: a pseudonymous citizen behind a number, and what was consented to."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

NUMBER_CONTEXT = "calls.number"
"""What citizens' numbers are sealed for, here and in calls: an outward call has the very same."""


class Citizen(Base):
    """One whom we may call back: a sealed number, known again by its keyed index.

    windows: when the citizen may be called, `[{"days": [0-6], "from": "10:00", "until": "12:00"}]`,
    Monday is 0, Asia/Seoul; empty means any time outside quiet hours. do_not_call_at wins over all.
    """

    __tablename__ = "citizens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number_index: Mapped[str] = mapped_column(unique=True)
    sealed_number: Mapped[bytes]
    sealed_name: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(server_default="ko")
    windows: Mapped[list[dict[str, Any]]]
    do_not_call_at: Mapped[datetime | None]
    do_not_call_reason: Mapped[str | None]
    created_at: Mapped[datetime]


class Consent(Base):
    """One consent, from when it was given until it is withdrawn; rows are never deleted.

    purpose: contact_by_phone, sensitive, third_party, night_calls. wording: version of the text.
    how: key_press, spoken, web_form, api. heard_by: the account that heard it, or the line itself.
    """

    __tablename__ = "consents"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    citizen_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    purpose: Mapped[str]
    wording: Mapped[str]
    given_at: Mapped[datetime]
    how: Mapped[str]
    heard_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_how: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "purpose IN ('contact_by_phone', 'sensitive', 'third_party', 'night_calls')",
            name="purpose",
        ),
        CheckConstraint("how IN ('key_press', 'spoken', 'web_form', 'api')", name="how"),
        Index(
            "uq_consents_live",
            "citizen_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )
