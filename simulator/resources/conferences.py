"""Conferences: fetch, list, end, announce."""

from __future__ import annotations

from simulator.announcements import announce
from simulator.conference_events import Ending
from simulator.conferences import Conference
from simulator.exchange import Exchange
from simulator.paging import page_of
from simulator.resources.calls import account_path
from simulator.rest_values import (
    API_VERSION,
    JSON,
    Params,
    RestAnswer,
    RestError,
    date,
    not_found,
)

FILTERS = ("FriendlyName", "Status")


def render(conference: Conference) -> JSON:
    """The Conference resource."""
    exchange = conference.exchange
    path = account_path(exchange, f"Conferences/{conference.sid}")
    ending = conference.ending
    return {
        "sid": conference.sid,
        "account_sid": exchange.settings.account_sid,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": "us1",
        "api_version": API_VERSION,
        "date_created": date(conference.created_at),
        "date_updated": date(conference.updated_at),
        "reason_conference_ended": ending.reason if ending is not None else None,
        "call_sid_ending_conference": (ending.call_sid or None) if ending is not None else None,
        "uri": f"{path}.json",
        "subresource_uris": {
            "participants": f"{path}/Participants.json",
            "recordings": f"{path}/Recordings.json",
        },
    }


def find(exchange: Exchange, sid: str) -> Conference:
    """The conference of that SID, or 404."""
    conference = exchange.conferences.by_sid.get(sid)
    if conference is None:
        raise not_found(account_path(exchange, f"Conferences/{sid}.json"))
    return conference


def index(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET the conferences, newest first, filtered by name and status."""
    name, status = params.get("FriendlyName"), params.get("Status")
    found = [
        conference
        for conference in reversed(exchange.conferences.by_sid.values())
        if name in ("", conference.name) and status in ("", conference.status)
    ]
    path = account_path(exchange, "Conferences.json")
    return page_of("conferences", path, found, render, params, FILTERS)


def fetch(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET one conference."""
    return RestAnswer(200, render(find(exchange, sids[0])))


def update(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST Status=completed, or an announcement to all."""
    conference = find(exchange, sids[0])
    status, url = params.get("Status"), params.url("AnnounceUrl")
    if status not in ("", "completed"):
        raise RestError(400, 20001, "Status must be completed")
    if url and conference.status != "completed":
        announce(conference, conference.connected, url, params.method("AnnounceMethod"))
    if status:
        exchange.kernel.post(lambda: conference.end(Ending("conference-ended-via-api")))
    return RestAnswer(200, render(conference))
