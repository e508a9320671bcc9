"""The last words to a caller whose call is closed already, though the leg still asks for more."""

from sqlalchemy.orm import Session

from callbacks.records import promised_in
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
    made = promised_in(session, call.id, closed_at)
    return promised(made.next_at if made else closed_at, closed_at, call.language)
