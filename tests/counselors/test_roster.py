"""The roster: all of it or nothing, every fault by its line, twice changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.clock import SteppedClock
from core.database import Database
from core.models import Account, SignIn
from core.passwords import matches
from core.policy import Policy
from core.services import EXTENSION, Services
from core.sign_ins import Opened, sign_in
from counselors.cli import roster
from counselors.models import Counselor, Presence
from counselors.roster import Report, import_roster
from counselors.roster_rows import COLUMNS

HEADER = ",".join(COLUMNS)
HANEUL = (
    "haneul,김하늘,counselor,salgu-namu-120,social_worker_1,SW-1,2030-12-31,60,"
    "grief:4;debt:2,ko;en,browser"
)
MARU = "maru,정마루,companion,annyeong-maru-120,,,,40,,ko,tel:+821012345678"
SEONU = "seonu,강선우,supervisor,deungdae-bul-120,,,,,,ko,browser"
GOOD = "\n".join([HEADER, HANEUL, MARU, SEONU])


def run(database: Database, clock: SteppedClock, source: str | Path) -> Report:
    with database.transaction() as session:
        return import_roster(session, source, clock.now())


def accounts(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Account)) or 0


def test_it_brings_people_in(database: Database, clock: SteppedClock) -> None:
    assert run(database, clock, GOOD) == Report(added=3)
    with database.transaction() as session:
        haneul = session.scalars(select(Account).where(Account.login == "haneul")).one()
        seat = session.get_one(Counselor, haneul.id)
        presence = session.get_one(Presence, haneul.id)
        seats = session.scalar(select(func.count()).select_from(Counselor))
    assert (haneul.name, haneul.role) == ("김하늘", "counselor")
    assert matches(haneul.password_hash, "salgu-namu-120")
    assert (seat.skills, seat.languages) == ({"grief": 4, "debt": 2}, ["ko", "en"])
    assert (presence.status, presence.state, seats) == ("off", "free", 2)


def test_the_demonstration_roster_is_one(database: Database, clock: SteppedClock) -> None:
    demonstration = Path(__file__).resolve().parents[2] / "demo" / "roster.csv"
    report = run(database, clock, demonstration)
    assert report.faults == ()
    assert report.added == accounts(database) > 0


def test_a_second_time_changes_nothing(database: Database, clock: SteppedClock) -> None:
    run(database, clock, GOOD)
    assert run(database, clock, GOOD) == Report(unchanged=3)


def test_known_people_are_brought_up_to_date(database: Database, clock: SteppedClock) -> None:
    run(database, clock, GOOD)
    later = GOOD.replace("grief:4", "grief:5").replace("annyeong-maru-120", "")
    assert run(database, clock, later) == Report(changed=1, unchanged=2)
    with database.transaction() as session:
        maru = session.scalars(select(Account).where(Account.login == "maru")).one()
    assert matches(maru.password_hash, "annyeong-maru-120")


def test_a_changed_password_or_role_signs_out(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    run(database, clock, GOOD)
    for change in (("salgu-namu-120", "other-namu-121"), (",companion,", ",counselor,")):
        login = "haneul" if "namu" in change[0] else "maru"
        password = "salgu-namu-120" if login == "haneul" else "annyeong-maru-120"
        with database.transaction() as session:
            opened = sign_in(session, login, password, "token", clock.now(), policy)
        assert isinstance(opened, Opened)
        text = GOOD.replace(*change)
        if login == "maru":
            text = text.replace("120,,,,40", "120,social_worker_2,SW-2,2030-01-01,60")
        assert run(database, clock, text).faults == ()
        with database.transaction() as session:
            assert session.scalars(select(SignIn)).all() == []


def test_every_bad_row_is_named_and_nothing_is_imported(
    database: Database, clock: SteppedClock
) -> None:
    bad = "\n".join(
        [
            HEADER,
            HANEUL,
            "Bad Login,,boss,short,paper,,31-12-2030,many,grief:9,KO,fax:1",
            HANEUL.replace("김하늘", "둘째"),
            "cells,too,few",
            SEONU,
        ]
    )
    report = run(database, clock, bad)
    named = {(fault.line, fault.column) for fault in report.faults}
    assert {(3, column) for column in COLUMNS} <= named
    assert {(4, "login"), (5, "row")} <= named
    assert {line for line, _ in named} == {3, 4, 5}
    assert accounts(database) == 0


FAULTS = [
    (HANEUL.replace(",60,", ",59,"), "training_hours"),
    (HANEUL.replace("2030-12-31", "1899-12-31"), "certified_until"),
    (HANEUL.replace("2030-12-31", "9999-12-31"), "certified_until"),
    (HANEUL.replace("2030-12-31", "2030-02-29"), "certified_until"),
    (HANEUL.replace("social_worker_1", ""), "certificate"),
    (HANEUL.replace("salgu-namu-120", ""), "password"),
    (HANEUL.replace("grief:4", "grief"), "skills"),
    (HANEUL.replace("grief:4", "grief:-1"), "skills"),
    (HANEUL.replace("grief:4", "debt:1"), "skills"),
    (HANEUL.replace("ko;en", ""), "languages"),
    (HANEUL.replace("browser", "tel:+82119"), "endpoint"),
    (HANEUL.replace("browser", "tel:+14155552671"), "endpoint"),
    (HANEUL.replace("browser", "sip:x"), "endpoint"),
    (HANEUL.replace("김하늘", "김\x00하늘"), "name"),
    (HANEUL.replace("김하늘", "x" * 51), "name"),
    (MARU.replace(",40,", ",39,"), "training_hours"),
    (MARU.replace("+82", "0"), "endpoint"),
]


@pytest.mark.parametrize(("row", "column"), FAULTS)
def test_faults(database: Database, clock: SteppedClock, row: str, column: str) -> None:
    report = run(database, clock, f"{HEADER}\n{row}\n")
    assert [(fault.line, fault.column) for fault in report.faults] == [(2, column)]
    assert "김" not in report.faults[0].message


@pytest.mark.parametrize(
    "text",
    ["", HEADER, "login,name\nx,y", HEADER + ",login\n" + HANEUL + ",x", f'{HEADER}\n"unclosed'],
)
def test_files_that_are_no_roster(database: Database, clock: SteppedClock, text: str) -> None:
    assert run(database, clock, text).faults
    assert accounts(database) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_files_of_korean_spreadsheets(
    database: Database, clock: SteppedClock, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode(encoding))
    assert run(database, clock, path).added == 3


def test_other_files(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    binary = tmp_path / "roster.xlsx"
    binary.write_bytes(b"PK\x03\x04\xff\xff\xff")
    for path in (binary, tmp_path / "missing.csv"):
        assert [fault.column for fault in run(database, clock, path).faults] == ["file"]


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    app = Flask(__name__)
    app.extensions[EXTENSION] = services
    app.cli.add_command(roster)
    yield app


def test_the_command_names_the_faults_and_fails(app: Flask, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(GOOD, "utf-8")
    bad.write_text(GOOD.replace("grief:4", "grief:6"), "utf-8")
    failed = app.test_cli_runner().invoke(args=["roster", "import", str(bad)])
    assert failed.exit_code == 1
    assert "bad.csv:2: skills:" in failed.stderr
    done = app.test_cli_runner().invoke(args=["roster", "import", str(good)])
    assert (done.exit_code, done.stdout) == (0, "added 3, changed 0, unchanged 0\n")
