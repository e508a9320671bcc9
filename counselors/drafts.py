"""Actions on drafts: what is written of an outcome so far, sealed, kept until the outcome is."""

import json
import uuid
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.sealing import Sealer
from counselors.models import CounselingSession

DRAFT_LENGTH_MAX = 20_000  # characters of JSON


def keep_draft(
    session: Session,
    session_id: uuid.UUID,
    counselor_id: uuid.UUID,
    draft: dict[str, Any],
    sealer: Sealer,
) -> bool:
    """Keep `draft` in place of the one before; False where this counselor has no such session
    or its outcome is written already."""
    sealed = sealer.seal(json.dumps(draft, ensure_ascii=False), _context(session_id))
    kept = session.execute(
        update(CounselingSession)
        .where(
            CounselingSession.id == session_id,
            CounselingSession.counselor_id == counselor_id,
            CounselingSession.outcome_at.is_(None),
        )
        .values(sealed_draft=sealed)
        .returning(CounselingSession.id)
        .execution_options(synchronize_session=False)
    )
    return kept.one_or_none() is not None


def read_draft(
    session: Session, session_id: uuid.UUID, counselor_id: uuid.UUID, sealer: Sealer
) -> dict[str, Any] | None:
    """Return the draft, `{}` where nothing was written yet, None where there is no such session."""
    found = session.execute(
        select(CounselingSession.sealed_draft).where(
            CounselingSession.id == session_id, CounselingSession.counselor_id == counselor_id
        )
    ).one_or_none()
    if found is None:
        return None
    if found.sealed_draft is None:
        return {}
    draft: dict[str, Any] = json.loads(sealer.unseal(found.sealed_draft, _context(session_id)))
    return draft


def _context(session_id: uuid.UUID) -> str:
    return f"sessions.draft:{session_id}"
