"""The last words to a caller whose call is closed already, though the leg still asks for more."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks.models import Promise
from ivr.flow import say_and_end
from ivr.instructions import Reply
from ivr.promise_flow import promised
from routing.models import Call
from routing.states import PROMISED


def parting(session: Session, call: Call) -> Reply:
    """Say what was promised, where the answer that should have said it was lost; else goodbye.

    A promise that stood before is spoken of as one whose place is kept.
    """
    if call.close_reason != PROMISED:
        return say_and_end("goodbye", call.language)
    closed_at = call.state_since
    made = Promise.made_at == closed_at, Promise.origin_call_id == call.id
    next_at = session.scalar(select(Promise.next_at).where(*made)) or closed_at
    return promised(next_at, closed_at, call.language)
