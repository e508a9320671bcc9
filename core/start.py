"""Starts everything on one machine: what is configured is used, what is not is embedded.

Each step says what it does, in Korean and English, to the person at the terminal.
"""

import csv
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import create_engine, func, select
from sqlalchemy.pool import NullPool

from core.config import Config, load_config
from core.defaults import ROOT, SIMULATOR_PORT, var_directory, wants_simulator, with_defaults
from core.embedded import EmbeddedFailed, EmbeddedPostgres, EmbeddedValkey
from core.launcher import Child, Launcher, hold, require_free
from core.models import Account
from core.schema import OldSchema, require_current, upgrade

DEMO_ROSTER = ROOT / "demo" / "roster.csv"
READY_SECONDS_MAX = 60.0
HOME_OF_ROLE = {"counselor": "/desk", "companion": "/worklist"}


def say(line: str) -> None:
    """Tell the person at the terminal one line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def start(environ: Mapping[str, str]) -> int:
    """Run until SIGTERM or SIGINT; return the exit status.

    Raises ConfigError, AlreadyRunning or PortTaken before anything was started.
    """
    filled = with_defaults(environ)
    config = load_config(filled)
    launcher = Launcher(say)
    launcher.heed_signals()
    with hold(var_directory(filled)):
        try:
            _bring_up(launcher, environ, filled, config)
            launcher.keep()
        except (EmbeddedFailed, OldSchema) as failed:
            say(f"시작하지 못했습니다 · Could not start: {failed}")
            return 3
        finally:
            say("정리하는 중 · Stopping")
            launcher.stop()
    say("모두 멈췄습니다 · Stopped")
    return 0


def _bring_up(
    launcher: Launcher, given: Mapping[str, str], filled: dict[str, str], config: Config
) -> None:
    var, simulated = var_directory(filled), wants_simulator(given) and not config.production
    children = _children(filled, var, simulated=simulated, own_log=not config.production)
    for child in children:
        child.end_orphan()
    require_free(config.host, config.port, "PORT")
    if simulated:
        require_free("127.0.0.1", int(filled["SIMULATOR_PORT"]), "SIMULATOR_PORT")
    if not given.get("DATABASE_URL") and not config.production:
        say("데이터베이스를 켭니다 · Starting PostgreSQL")
        launcher.add_server("postgresql", EmbeddedPostgres(var))
    if not given.get("REDIS_URL") and not config.production:
        launcher.add_server("valkey", EmbeddedValkey(var))
    _shape_database(config, filled)
    for child in children:
        say(f"{child.name} 시작 · starting" + (f" ({child.log})" if child.log else ""))
        launcher.add_child(child)
    deadline = time.monotonic() + READY_SECONDS_MAX
    launcher.keep(until=lambda: _ready(config.port) or time.monotonic() > deadline)
    if not launcher.stopping:
        _tell_pages(config, filled, simulated=simulated)


def _children(environ: dict[str, str], var: Path, *, simulated: bool, own_log: bool) -> list[Child]:
    python = [sys.executable, "-u"]
    app, worker = str(ROOT / "app.py"), str(ROOT / "worker.py")
    commands = {"web": [*python, app, "web"], "worker": [*python, worker]}
    if simulated:
        commands = {"simulator": [*python, "-m", "simulator"], **commands}
    environ = environ | {"PYTHONPATH": str(ROOT)}
    return [
        Child(name, command, environ, var, own_log=own_log) for name, command in commands.items()
    ]


def _shape_database(config: Config, environ: Mapping[str, str]) -> None:
    """Migrate in development, refuse an old schema in production; seat the demo people once."""
    url = config.database_url or ""
    if not config.production:
        say("데이터베이스를 맞춥니다 · Migrating")
        upgrade(url)
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool
    )
    with engine.connect() as connection:
        require_current(connection)
        empty = connection.execute(select(func.count()).select_from(Account)).scalar_one() == 0
    if empty and not config.production:
        say("시연용 사람들을 들입니다 · Importing the demonstration people")
        _import_demo(environ)


def _import_demo(environ: Mapping[str, str]) -> None:
    """Call the command a person would, so that this file needs to know no room."""
    command = [sys.executable, "-m", "flask", "--app", "app", "roster", "import"]
    done = subprocess.run(
        [*command, str(DEMO_ROSTER)], cwd=ROOT, env=dict(environ), check=False, capture_output=True
    )
    if done.returncode:
        say(f"명단을 들이지 못했습니다 · Roster not imported:\n{done.stderr.decode()[-800:]}")


def _ready(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/readyz"
    with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def _tell_pages(config: Config, environ: Mapping[str, str], *, simulated: bool) -> None:
    if not _ready(config.port):
        say("아직 준비되지 않았습니다 · Not ready yet: see the logs named above")
    here = f"http://127.0.0.1:{config.port}"
    say("")
    say(f"  로그인 · Sign in      {here}/login")
    if simulated:
        phones = environ.get("SIMULATOR_PORT", SIMULATOR_PORT)
        say(f"  전화기 · Telephones   http://127.0.0.1:{phones}/")
    if not config.production:
        _tell_logins(here)
    say("")
    say("  끝내려면 Ctrl+C · Press Ctrl+C to stop")


def _tell_logins(here: str) -> None:
    say("")
    with DEMO_ROSTER.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            page = here + HOME_OF_ROLE.get(row["role"], "/board")
            say(f"  {row['role']:<11} {row['login']:<8} {row['password']:<20} {page}")
