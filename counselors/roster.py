"""Imports the roster: all of a CSV file, or nothing and every fault by line."""

import csv
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import sign_ins
from core.models import Account
from core.passwords import hash_password, matches
from counselors import presence
from counselors.models import Counselor
from counselors.roster_rows import COLUMNS, Member, RowFault, read_row

BYTES_MAX = 5_000_000


@dataclass(frozen=True)
class Report:
    """What an import did. With any fault, it did nothing."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[RowFault, ...] = field(default=())


def import_roster(session: Session, source: str | Path, now: datetime) -> Report:
    """Bring accounts and counselors to what the roster says.

    source: the CSV text, or the path of its file (UTF-8, or the CP949 of Korean spreadsheets).
    Known logins are brought up to date (an empty password keeps the old one), new ones added,
    others left alone. Whose role or password changes is signed out.
    """
    text = _read(source) if isinstance(source, Path) else source
    if isinstance(text, RowFault):
        return Report(faults=(text,))
    members, faults = _parse(text)
    known = _known(session, members)
    faults += _faults_together(members, known)
    if faults:
        return Report(faults=tuple(sorted(faults, key=lambda fault: fault.line)))
    effects = [_bring(session, member, known.get(member.login), now) for member in members]
    session.flush()
    return Report(effects.count("added"), effects.count("changed"), effects.count("unchanged"))


def _read(path: Path) -> str | RowFault:
    try:
        raw = path.read_bytes()
    except OSError as error:
        return RowFault(0, "file", f"can't be read: {error.strerror}")
    if len(raw) > BYTES_MAX:
        return RowFault(0, "file", f"larger than {BYTES_MAX} bytes")
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return RowFault(0, "file", "neither UTF-8 nor CP949 text")


def _parse(text: str) -> tuple[list[Member], list[RowFault]]:
    rows = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    members: list[Member] = []
    faults: list[RowFault] = []
    try:
        faults += _header_faults(rows.fieldnames or ())
        if faults:
            return [], faults
        for row in rows:
            found = _one(rows.line_num, row)
            if isinstance(found, Member):
                members.append(found)
            else:
                faults += found
    except csv.Error as error:
        faults.append(RowFault(rows.line_num, "row", f"not well-formed CSV: {error}"))
    if not members and not faults:
        faults.append(RowFault(1, "file", "holds no row below the header"))
    return members, faults


def _header_faults(names: Iterable[str]) -> list[RowFault]:
    present = [name.strip() for name in names]
    missing = [column for column in COLUMNS if column not in present]
    strange = [name for name in present if name not in COLUMNS]
    faults = [RowFault(1, column, "the column is missing") for column in missing]
    faults += [RowFault(1, name[:40], "there is no such column") for name in strange]
    if len(set(present)) < len(present):
        faults.append(RowFault(1, "header", "a column is named twice"))
    return faults


def _one(line: int, row: dict[str | None, str | None]) -> Member | Iterable[RowFault]:
    if None in row or None in row.values():
        return [RowFault(line, "row", f"must hold {len(COLUMNS)} cells")]
    return read_row(line, {str(name).strip(): cell or "" for name, cell in row.items()})


def _known(session: Session, members: list[Member]) -> dict[str, Account]:
    rows = session.scalars(
        select(Account)
        .where(Account.login.in_([member.login for member in members]))
        .with_for_update()
    )
    return {account.login: account for account in rows}


def _faults_together(members: list[Member], known: dict[str, Account]) -> list[RowFault]:
    """Return what is wrong of the rows taken together: a login twice, a newcomer's password."""
    faults = []
    first_lines: dict[str, int] = {}
    for member in members:
        first = first_lines.setdefault(member.login, member.line)
        if first != member.line:
            faults.append(RowFault(member.line, "login", f"is on line {first} already"))
        if member.password is None and member.login not in known:
            faults.append(RowFault(member.line, "password", "a new login needs one"))
    return faults


def _bring(session: Session, member: Member, account: Account | None, now: datetime) -> str:
    if account is None:
        account = _new_account(session, member, now)
        _seat(session, account.id, member, now)
        return "added"
    before = (account.name, account.role)
    account.name, account.role = member.name, member.role
    new_password = member.password is not None and not matches(
        account.password_hash, member.password
    )
    if new_password and member.password is not None:
        account.password_hash = hash_password(member.password)
    if new_password or before[1] != member.role:
        sign_ins.end_all(session, account.id)
    seat_changed = _seat(session, account.id, member, now)
    changed = new_password or seat_changed or before != (member.name, member.role)
    return "changed" if changed else "unchanged"


def _new_account(session: Session, member: Member, now: datetime) -> Account:
    account = Account(
        id=uuid.uuid4(),
        login=member.login,
        name=member.name,
        role=member.role,
        password_hash=hash_password(member.password or ""),
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def _seat(session: Session, account_id: uuid.UUID, member: Member, now: datetime) -> bool:
    """Give who answers a seat, or bring it up to date; tell whether anything changed.

    Who no longer answers keeps the seat's row, because past sessions point to it; the role alone
    decides who is offered calls.
    """
    if not member.answers:
        return False
    seat = session.get(Counselor, account_id)
    is_new = seat is None
    if seat is None:
        seat = Counselor(id=account_id)
        session.add(seat)
    _describe(seat, member)
    changed = session.is_modified(seat)
    session.flush()
    if is_new:
        presence.open_presence(session, account_id, now)
    return is_new or changed


def _describe(seat: Counselor, member: Member) -> None:
    seat.certificate = member.certificate
    seat.certificate_no = member.certificate_no
    seat.certified_until = member.certified_until
    seat.training_hours = member.training_hours
    seat.skills = dict(member.skills)
    seat.languages = list(member.languages)
    seat.endpoint = member.endpoint
