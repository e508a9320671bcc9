"""Who may import whom: rooms, rings, the carrier's library, the outsider."""

from pathlib import Path

import pytest

from tests.house.source import ALL_ROOMS, EDGES, ROOMS, ROOT, Imported, imports, python_files

RINGS = {"models": 1, "records": 2, "actions": 3}
READ_DOORS = {"board", "desk", "desk_view", "worklist", "waiting"}
EDGE_NAMES = {Path(edge).stem for edge in EDGES}


def room_of(module: str) -> str | None:
    top = module.split(".")[0]
    return top if top in ALL_ROOMS else None


def of(*tops: str) -> list[Imported]:
    return [found for path in python_files(*tops) for found in imports(path)]


def said(faults: list[Imported]) -> list[str]:
    return sorted({str(fault) for fault in faults})


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    """Edges aside: they may use any room's actions and read doors, and stand outside them all."""
    above = {*ALL_ROOMS[ALL_ROOMS.index(room) + 1 :], "app", "worker", "simulator", "tests"}
    faults = [
        found
        for found in of(room)
        if found.module.split(".")[0] in above and ring_of(found.path) < 4
    ]
    assert said(faults) == []


def test_nothing_imports_supervision() -> None:
    faults = [found for found in of(*ROOMS, "simulator") if room_of(found.module) == "supervision"]
    assert said(faults) == []


def test_the_simulator_knows_no_room_and_no_room_knows_it() -> None:
    inward = [found for found in of("simulator") if room_of(found.module)]
    outward = [found for found in of(*ALL_ROOMS) if found.module.split(".")[0] == "simulator"]
    assert said(inward + outward) == []


def test_the_carriers_library_is_imported_under_ivr_only() -> None:
    faults = [
        found
        for found in of()
        if found.module.split(".")[0] == "twilio"
        and found.path.relative_to(ROOT).parts[0] not in ("ivr", "tests")
    ]
    assert said(faults) == []


def ring_of(path: Path) -> int:
    """Return how far out a file stands: models 1, records 2, actions 3, edge 4; pure files 0."""
    stem = path.stem
    if stem in EDGE_NAMES or stem.endswith(("_api", "_pages")):
        return 4
    if stem in RINGS:
        return RINGS[stem]
    tops = {found.module.split(".")[0] for found in imports(path)}
    if "flask" in tops:
        return 4
    if stem in READ_DOORS:
        return 2
    return 3 if "sqlalchemy" in tops else 0


def test_no_file_imports_a_ring_outside_its_own() -> None:
    """Pure <- models <- records <- actions <- edge, in every room but core, which has no rings."""
    rooms = [room for room in ALL_ROOMS if room != "core"]
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in python_files()
    }
    faults = [
        found
        for found in of(*rooms)
        if room_of(found.module) in rooms
        and found.module in paths
        and ring_of(paths[found.module]) > ring_of(found.path)
        and ring_of(found.path) < 3
    ]
    assert said(faults) == []


def test_no_edge_imports_another_rooms_edge() -> None:
    faults = [
        found
        for found in of(*ALL_ROOMS)
        if (room_of(found.module) or "core") != "core"
        and found.module.split(".")[-1] in EDGE_NAMES
        and room_of(found.module) != found.path.relative_to(ROOT).parts[0]
    ]
    assert said(faults) == []


PURE = (
    "core/life.py",
    "core/phone_numbers.py",
    "core/special_numbers.py",
    "counselors/states.py",
    "counselors/certificates.py",
    "counselors/skills.py",
    "routing/states.py",
    "routing/choose.py",
    "routing/estimate.py",
    "ivr/flow.py",
    "ivr/turn.py",
    "ivr/menu.py",
    "ivr/faults.py",
    "ivr/away.py",
    "ivr/instructions.py",
    "supervision/day_tracks.py",
    "supervision/day_picture.py",
)
OUTSIDE = {"sqlalchemy", "flask", "redis", "rq", "requests", "psycopg", "twilio", "threading"}


@pytest.mark.parametrize("file", PURE)
def test_a_pure_file_touches_nothing_outside(file: str) -> None:
    tops = {found.module.split(".")[0] for found in imports(ROOT / file)}
    assert tops & OUTSIDE == set()


def test_records_and_actions_never_commit() -> None:
    faults = [
        path.relative_to(ROOT).as_posix()
        for path in python_files(*ALL_ROOMS)
        if path.relative_to(ROOT).as_posix() != "core/database.py"
        and ".commit()" in path.read_text(encoding="utf-8")
    ]
    assert faults == []
