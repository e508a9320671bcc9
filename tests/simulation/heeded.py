"""Looks, whenever the server took a word of the carrier's, whether it heeded that.

Such words are that somebody's leg ended, that who waits pressed the safety key, and that a
telephone was rung for a try: it is not to be rung for the same try again.
"""

from sqlalchemy import TextClause, text

from core.database import Database
from simulator.exchange import Exchange
from simulator.journal import Entry, LegChanged, RestRequested, WebhookAnswered, WebhookSent
from simulator.legs import FINAL

_OPEN = text(
    """
    SELECT state FROM calls WHERE carrier_sid = :sid AND state NOT IN ('closed', 'wrapping')
    UNION ALL SELECT state FROM sessions WHERE leg_sid = :sid AND state = 'talking'
    """
)
_UNMOVED = text(
    "SELECT state FROM calls"
    " WHERE carrier_sid = :sid AND state IN ('waiting', 'offered') AND priority = 0"
)
FIRST_WORDS = ("먼저 연결해 드리겠습니다", "We will also connect you first")
"""Of what the server says to who pressed the safety key."""
NEVER_RANG = ("failed", "canceled")
TAKEN = 200  # what the server answers; 204 stands for a word that the carrier never sent


class EndsHeeded:
    """Listens to the carrier's words that the server took, and looks at once."""

    def __init__(self, exchange: Exchange, database: Database) -> None:
        self.wrongs: list[str] = []
        self._database = database
        self._told: dict[int, WebhookSent] = {}
        self._begun = ""
        self._rung: dict[str, str] = {}
        self._never_rang: set[str] = set()
        exchange.journal.watchers.append(self._read)

    def _read(self, entry: Entry) -> None:
        if isinstance(entry, WebhookSent):
            if _tells_of_end(entry) or _is_safety_key(entry):
                self._told[entry.webhook_id] = entry
        elif isinstance(entry, WebhookAnswered):
            told = self._told.pop(entry.webhook_id, None)
            if told is not None and entry.status == TAKEN:
                self._look(told, entry.body)
        elif isinstance(entry, LegChanged):
            if entry.status == "queued":  # its request is written down right after it
                self._begun = entry.call_sid
            elif entry.status in NEVER_RANG:
                self._never_rang.add(entry.call_sid)
        elif isinstance(entry, RestRequested) and (entry.method, entry.status) == ("POST", 201):
            self._count(entry)

    def _look(self, told: WebhookSent, answer: str) -> None:
        if _tells_of_end(told):
            self._find(_OPEN, "a call's end was told and not heeded", told)
        elif any(words in answer for words in FIRST_WORDS):  # else the caller was not found
            self._find(_UNMOVED, "who pressed the safety key was not moved ahead", told)

    def _find(self, query: TextClause, wrong: str, told: WebhookSent) -> None:
        with self._database.reading() as session:
            state = session.scalar(query, {"sid": told.call_sid})
        if state is not None:
            self.wrongs.append(f"{wrong}: {told.call_sid} {state} {told.at}")

    def _count(self, asked: RestRequested) -> None:
        """The document of a leg names its offer or its session: one try, and so one leg."""
        url = dict(asked.params).get("Url", "")
        before = self._rung.get(url)
        if before is not None and before not in self._never_rang:
            self.wrongs.append(f"a telephone was rung again for one try at {asked.at}: {url}")
        self._rung[url] = self._begun


def _tells_of_end(sent: WebhookSent) -> bool:
    return sent.purpose == "status" and dict(sent.params).get("CallStatus") in FINAL


def _is_safety_key(sent: WebhookSent) -> bool:
    return "/ivr/wait-key?" in sent.url and dict(sent.params).get("Digits") == "9"
