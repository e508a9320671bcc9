"""Looks, whenever the server has been told that somebody's leg ended, whether it heeded that."""

from sqlalchemy import text

from core.database import Database
from simulator.exchange import Exchange
from simulator.journal import Entry, WebhookAnswered, WebhookSent
from simulator.legs import FINAL

_OPEN = text(
    """
    SELECT state FROM calls WHERE carrier_sid = :sid AND state NOT IN ('closed', 'wrapping')
    UNION ALL SELECT state FROM sessions WHERE leg_sid = :sid AND state = 'talking'
    """
)
TAKEN = 200  # what the server answers; 204 stands for a word that the carrier never sent


class EndsHeeded:
    """Listens to the carrier's words about ended legs that the server took, and looks at once."""

    def __init__(self, exchange: Exchange, database: Database) -> None:
        self.wrongs: list[str] = []
        self._database = database
        self._told: dict[int, WebhookSent] = {}
        exchange.journal.watchers.append(self._read)

    def _read(self, entry: Entry) -> None:
        if isinstance(entry, WebhookSent) and _tells_of_end(entry):
            self._told[entry.webhook_id] = entry
        elif isinstance(entry, WebhookAnswered):
            told = self._told.pop(entry.webhook_id, None)
            if told is not None and entry.status == TAKEN:
                self._look(told)

    def _look(self, told: WebhookSent) -> None:
        with self._database.reading() as session:
            state = session.scalar(_OPEN, {"sid": told.call_sid})
        if state is not None:
            self.wrongs.append(
                f"a call's end was told and not heeded: {told.call_sid} {state} {told.at}"
            )


def _tells_of_end(sent: WebhookSent) -> bool:
    return sent.purpose == "status" and dict(sent.params).get("CallStatus") in FINAL
