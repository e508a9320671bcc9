"""Reads one row of the roster and says all that is wrong with it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.passwords import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from core.phone_numbers import Refused, may_dial
from core.roles import ROLES
from counselors.certificates import (
    CERTIFICATES,
    NEVER,
    needs_certificate,
    training_hours_missing,
)
from counselors.skills import SkillsWrong, parse_languages, parse_skills

COLUMNS = (
    "login", "name", "role", "password", "certificate", "certificate_no", "certified_until",
    "training_hours", "skills", "languages", "endpoint",
)  # fmt: skip
ANSWERING_ROLES = frozenset({"counselor", "companion"})

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_SIP = re.compile(r"sip:[A-Za-z0-9._~+-]{1,64}@[A-Za-z0-9.-]{1,253}(?::\d{1,5})?")
_HOURS_MAX = 100_000


@dataclass(frozen=True)
class RowFault:
    """What is wrong in a row. line: of the file, from 1. Never the value itself."""

    line: int
    column: str
    message: str


@dataclass(frozen=True)
class Member:
    """One person of the roster. password: None keeps the one there is."""

    line: int
    login: str
    name: str
    role: str
    password: str | None
    certificate: str
    certificate_no: str
    certified_until: date
    training_hours: int
    skills: dict[str, int]
    languages: list[str]
    endpoint: str

    @property
    def answers(self) -> bool:
        """Tell whether this person talks to citizens and so has a seat."""
        return self.role in ANSWERING_ROLES


class _Row:
    """One row's cells, and the faults found in them so far."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line = line
        self._cells = cells
        self.faults: list[RowFault] = []

    def cell(self, column: str) -> str:
        """Return the cell without the spaces around it; a password keeps its own."""
        text = self._cells.get(column) or ""
        return text if column == "password" else text.strip()

    def fault(self, column: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(RowFault(self.line, column, message))


def read_row(line: int, cells: Mapping[str, str]) -> Member | tuple[RowFault, ...]:
    """Return the member that a row describes, or every fault in it."""
    row = _Row(line, cells)
    role = _role(row)
    member = Member(
        line=line,
        login=_login(row),
        name=_name(row),
        role=role,
        password=_password(row),
        certificate=_certificate(row, role),
        certificate_no=_certificate_no(row, role),
        certified_until=_certified_until(row, role),
        training_hours=_training_hours(row, role),
        skills=_skills(row),
        languages=_languages(row),
        endpoint=_endpoint(row),
    )
    return tuple(row.faults) or member


def _login(row: _Row) -> str:
    login = row.cell("login")
    if not _LOGIN.fullmatch(login):
        row.fault(
            "login", "2-32 small letters, digits, dots, hyphens; begins with a letter or digit"
        )
    return login


def _name(row: _Row) -> str:
    name = row.cell("name")
    if not name or len(name) > 50 or not name.isprintable():
        row.fault("name", "1-50 printable characters")
    return name


def _role(row: _Row) -> str:
    role = row.cell("role")
    if role not in ROLES:
        row.fault("role", "one of " + ", ".join(sorted(ROLES)))
    return role


def _password(row: _Row) -> str | None:
    password = row.cell("password")
    if not password:
        return None
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        row.fault("password", f"{PASSWORD_LENGTH_MIN}-{PASSWORD_LENGTH_MAX} characters")
    return password


def _certificate(row: _Row, role: str) -> str:
    certificate = row.cell("certificate")
    if not certificate and needs_certificate(role):
        row.fault("certificate", "a counselor needs one")
    elif certificate and certificate not in CERTIFICATES:
        row.fault("certificate", "one of " + ", ".join(CERTIFICATES))
    return certificate


def _certificate_no(row: _Row, role: str) -> str:
    number = row.cell("certificate_no")
    if not number and (needs_certificate(role) or row.cell("certificate")):
        row.fault("certificate_no", "the number on the certificate")
    elif len(number) > 50 or not number.isprintable():
        row.fault("certificate_no", "at most 50 printable characters")
    return number


def _certified_until(row: _Row, role: str) -> date:
    text = row.cell("certified_until")
    if not text and not needs_certificate(role) and not row.cell("certificate"):
        return NEVER
    try:
        until = date.fromisoformat(text)
    except ValueError:
        row.fault("certified_until", "the last day it holds, as 2030-12-31")
        return NEVER
    if not 2000 <= until.year <= 2100:
        row.fault("certified_until", "a year from 2000 to 2100")
    return until


def _training_hours(row: _Row, role: str) -> int:
    text = row.cell("training_hours")
    if not text and role not in ANSWERING_ROLES:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > _HOURS_MAX:
        row.fault("training_hours", f"whole hours from 0 to {_HOURS_MAX}")
        return 0
    missing = training_hours_missing(role, int(text))
    if missing:
        row.fault("training_hours", f"{missing} hours short of what a {role} needs")
    return int(text)


def _skills(row: _Row) -> dict[str, int]:
    try:
        return parse_skills(row.cell("skills"))
    except SkillsWrong as wrong:
        row.fault("skills", str(wrong))
        return {}


def _languages(row: _Row) -> list[str]:
    try:
        return parse_languages(row.cell("languages"))
    except SkillsWrong as wrong:
        row.fault("languages", str(wrong))
        return []


def _endpoint(row: _Row) -> str:
    endpoint = row.cell("endpoint")
    if endpoint == "browser" or _SIP.fullmatch(endpoint):
        return endpoint
    if not endpoint.startswith("tel:+"):
        row.fault("endpoint", "browser, sip:name@host or tel:+82...")
        return endpoint
    allowed = may_dial(endpoint)
    if isinstance(allowed, Refused):
        row.fault("endpoint", f"this number may not be rung ({allowed.reason})")
        return endpoint
    return f"tel:{allowed.e164}"
