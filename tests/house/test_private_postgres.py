"""The private PostgreSQL: started once, shared, back after every kind of death, never silently another."""

import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from jieli.wiring.postgres import (
    ROLES,
    External,
    PostgresError,
    Server,
    create_database,
    create_roles,
    discard,
    drop_database,
    ensure,
    release,
    stop,
)
from jieli.wiring.postgres import binaries as programs
from jieli.wiring.postgres.identity import Layout, prepare
from jieli.wiring.postgres.locks import try_lock
from jieli.wiring.postgres.roles import verifies
from jieli.wiring.postgres.sizing import disk_of, memory_of, sized

SOURCE = Path(__file__).resolve().parents[2] / "src"
SITE_PACKAGES = Path(psycopg.__file__).parents[1]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="shows what root does; run as an ordinary user here")

ENSURE_AND_TELL = """
import sys
from pathlib import Path
import psycopg
from jieli.wiring.postgres import ensure
server = ensure(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
with psycopg.connect(server.dsn("postgres")) as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0])
"""

CREATE_ROLES_AND_TELL = """
import json, sys
from pathlib import Path
from jieli.wiring.postgres import create_roles, ensure
print(json.dumps(dict(create_roles(ensure(Path(sys.argv[1]), durable=False))), sort_keys=True))
"""

WHOLE_LIFE_AND_TELL = """
import json, os, signal, stat, sys, time
from pathlib import Path
import psycopg
from jieli.wiring.postgres import PostgresError, create_database, create_roles, discard, ensure

home = Path(sys.argv[1])

def asked(dsn):
    # In the instant after the kill the dying server may still answer: whoever lost a connection asks again.
    for _ in range(900):
        ensure(home, durable=False)
        try:
            with psycopg.connect(dsn) as connection:
                return connection.execute("SELECT answer FROM kept").fetchone()[0]
        except psycopg.OperationalError:
            time.sleep(0.1)

def live():
    server = ensure(home, durable=False)
    passwords = create_roles(server)
    create_database(server, "own_1")
    dsn = server.dsn("own_1", role="jieli_owner", password=passwords["jieli_owner"])
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(int((server.data_dir.parent / "supervisor.lock").read_text()), signal.SIGKILL)
    answer = asked(dsn)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (server.socket_dir, server.data_dir)]
    owner = server.data_dir.stat().st_uid
    return server, {"uid": os.geteuid(), "owner": owner, "answer": answer, "modes": modes}

try:
    server, told = live()
finally:
    discard(home)
told["data_dir"], told["socket_dir"] = str(server.data_dir), str(server.socket_dir)
told["left"] = [str(path) for path in (server.data_dir, server.socket_dir) if path.exists()]
server.socket_dir.mkdir(mode=0o755)
try:
    ensure(home, durable=False)
except PostgresError as error:
    told["code"] = error.code
finally:
    server.socket_dir.rmdir()
    discard(home)
print(json.dumps(told))
"""


def tell(connection: psycopg.Connection, question: str) -> object:
    row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def ask(server: Server, question: str, database: str = "postgres") -> object:
    with psycopg.connect(server.dsn(database)) as connection:
        return tell(connection, question)


def ask_until_answered(server: Server, question: str, database: str) -> object:
    return until_answered(lambda: ask(server, question, database))


def until_answered(call: Callable[[], object]) -> object:
    deadline = time.monotonic() + 120
    while True:
        try:
            return call()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the server did not come back within 120 s"
            time.sleep(0.005)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "did not happen within 90 s"
        time.sleep(0.01)


def removed(path: Path) -> bool:
    """Remove a directory beside a dying server that removes files of its own: what is gone already is no error."""
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def supervisor_of(server: Server) -> int:
    return int((server.data_dir.parent / "supervisor.lock").read_text())


def postmaster_of(server: Server) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split("\n")[0])


def alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def running(layout: Layout) -> bool:
    descriptor = try_lock(layout.supervisor_lock)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def child(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{SOURCE}:{SITE_PACKAGES}"},
    )


def answer_of(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.strip()


def refusal(call: Callable[[], object]) -> PostgresError:
    with pytest.raises(PostgresError) as caught:
        call()
    return caught.value


def remove(home: Path) -> None:
    """Whatever a test left: stopped, and every directory of it removed, durable or not."""
    if not (home / "postgres" / "place.lock").exists():
        return
    layout = prepare(home)
    stop(home)
    for path in (layout.socket_dir, layout.base, layout.secrets):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A directory in which nothing was ever prepared."""
    path = Path(tempfile.mkdtemp(prefix="jieli-test-"))
    yield path
    remove(path)
    shutil.rmtree(path)


@pytest.fixture
def home(server: Server, fresh_home: Path) -> Path:
    """A home of its own; under root it borrows the other server's copy of the programs, to save time."""
    programs_there = server.data_dir.parent / "binaries"
    (prepare(fresh_home).base / "binaries").symlink_to(programs_there)
    return fresh_home


@pytest.fixture(scope="module")
def durable_home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="jieli-test-"))
    yield path
    remove(path)
    shutil.rmtree(path)


@pytest.fixture
def server(durable_home: Path) -> Server:
    """One durable server for the whole file: every death of it must leave it usable for the next test."""
    return ensure(durable_home)


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    create_roles(server)
    name = f"jieli_test_{secrets.token_hex(6)}"
    create_database(server, name)
    yield name
    drop_database(ensure(server.home), name)


# ---------------------------------------------------------------------------- one server, shared


def test_the_server_runs_with_the_settings_that_the_house_promises(server: Server) -> None:
    names = ["fsync", "full_page_writes", "data_checksums", "server_encoding", "listen_addresses", "TimeZone"]
    shown = [ask(server, f"SHOW {name}") for name in names]
    assert shown == ["on", "on", "on", "UTF8", "", "UTC"]
    sizes = sized(memory_of(), disk_of(server.home))
    query = "SELECT setting::bigint * CASE unit WHEN '8kB' THEN 8 ELSE 1024 END / 1024 FROM pg_settings WHERE name = "
    for name in ("shared_buffers", "max_wal_size"):
        assert f"{ask(server, query + repr(name))}MB" == sizes[name]
    assert ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'template0'") == "C.UTF-8"
    assert server.version >= 150000
    assert server.version == ask(server, "SELECT current_setting('server_version_num')::int")


def test_the_wheels_programs_come_first(server: Server) -> None:
    assert next(programs.installed()).from_wheel
    assert server.version // 10000 == next(programs.installed()).major


def test_the_socket_is_private_and_no_tcp_port_is_open(server: Server) -> None:
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert len(os.fsencode(server.socket_dir / ".s.PGSQL.5432.lock")) < 100
    assert [path.name for path in server.socket_dir.iterdir() if path.is_socket()] == [".s.PGSQL.5432"]


def test_a_second_process_attaches_to_the_running_server(server: Server, durable_home: Path) -> None:
    before = ask(server, "SELECT pg_postmaster_start_time()::text")
    assert answer_of(child(ENSURE_AND_TELL, str(durable_home), "durable")) == before
    assert ask(server, "SELECT pg_postmaster_start_time()::text") == before


def test_processes_starting_at_once_share_one_server(fresh_home: Path) -> None:
    processes = [child(ENSURE_AND_TELL, str(fresh_home), "throwaway") for _ in range(4)]
    assert len({answer_of(process) for process in processes}) == 1


def test_the_starter_may_die_while_others_use_the_server(home: Path) -> None:
    born = answer_of(child(ENSURE_AND_TELL, str(home), "throwaway"))  # that process has ended by now
    server = ensure(home, durable=False)
    assert ask(server, "SELECT pg_postmaster_start_time()::text") == born


def test_a_server_without_users_stops_but_not_under_a_connected_client(home: Path) -> None:
    server = ensure(home, durable=False, idle_seconds=0.3)
    layout = prepare(home)
    with psycopg.connect(server.dsn("postgres")) as connection:
        release(home)
        time.sleep(0.9)
        assert tell(connection, "SELECT 1") == 1
        assert running(layout)
    wait_for(lambda: not running(layout))
    assert not (server.data_dir / "postmaster.pid").exists()
    assert ask(ensure(home, durable=False), "SELECT 1") == 1


def test_stopping_is_asked_for_and_the_next_use_starts_it_again(home: Path) -> None:
    server = ensure(home, durable=False)
    pids = [supervisor_of(server), postmaster_of(server)]
    stop(home)
    # The lock is free an instant before its holder is gone.
    wait_for(lambda: not any(alive(pid) for pid in pids))
    assert not (server.data_dir / "postmaster.pid").exists()
    stop(home)
    assert ensure(home, durable=False) == server
    assert ask(server, "SELECT 1") == 1


# ---------------------------------------------------------------------------- every kind of death


def fill(server: Server, database: str, megabytes: int) -> None:
    with psycopg.connect(server.dsn(database)) as connection:
        connection.execute("CREATE TABLE filled (n int PRIMARY KEY, body text NOT NULL)")
        connection.execute(
            "INSERT INTO filled SELECT n, repeat(md5(n::text), 32) FROM generate_series(1, %s) AS n",
            [megabytes * 1024],
        )
        connection.execute("ALTER TABLE filled ALTER body SET STORAGE PLAIN")


def test_a_killed_postgres_is_back_with_all_that_was_committed(server: Server, database: str) -> None:
    fill(server, database, 50)
    supervisor, postmaster = supervisor_of(server), postmaster_of(server)
    os.kill(postmaster, signal.SIGKILL)
    wait_for(lambda: not alive(postmaster))
    assert ask_until_answered(server, "SELECT count(*) FROM filled", database) == 50 * 1024
    assert supervisor_of(server) == supervisor
    assert postmaster_of(server) != postmaster


def test_a_transaction_open_at_the_kill_leaves_nothing_behind(server: Server, database: str) -> None:
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("CREATE TABLE halves (n int)")
        connection.execute("INSERT INTO halves VALUES (1)")
        with pytest.raises(psycopg.OperationalError), connection.transaction():
            connection.execute("INSERT INTO halves SELECT generate_series(2, 1000)")
            os.kill(postmaster_of(server), signal.SIGKILL)
            wait_for(lambda: bool(ask_until_answered(server, "SELECT 1", database)))
            connection.execute("SELECT 1")
    assert ask_until_answered(server, "SELECT array_agg(n) FROM halves", database) == [1]


def test_after_the_supervisor_is_killed_postgres_dies_with_it_and_the_next_use_recovers(
    server: Server, database: str, durable_home: Path
) -> None:
    fill(server, database, 10)
    supervisor, postmaster = supervisor_of(server), postmaster_of(server)
    os.kill(supervisor, signal.SIGKILL)
    wait_for(lambda: not alive(postmaster))
    again = ensure(durable_home)
    assert again == server
    assert ask(again, "SELECT count(*) FROM filled", database) == 10 * 1024
    assert supervisor_of(again) != supervisor


def test_use_at_the_very_instant_of_the_supervisors_death_finds_a_server(
    server: Server, database: str, durable_home: Path
) -> None:
    fill(server, database, 1)
    os.kill(supervisor_of(server), signal.SIGKILL)
    # Who calls at that instant may still be answered by the dying one; who calls again is not.
    count = "SELECT count(*) FROM filled"
    assert until_answered(lambda: ask(ensure(durable_home), count, database)) == 1024


def test_with_both_killed_the_orphaned_back_ends_are_ended_and_the_data_are_there(
    server: Server, database: str, durable_home: Path
) -> None:
    fill(server, database, 1)
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        back_end = int(str(tell(connection, "SELECT pg_backend_pid()")))
        supervisor, postmaster = supervisor_of(server), postmaster_of(server)
        os.kill(back_end, signal.SIGSTOP)  # it cannot notice by itself that its server is gone
        os.kill(postmaster, signal.SIGSTOP)
        os.kill(supervisor, signal.SIGKILL)
        os.kill(postmaster, signal.SIGKILL)
        wait_for(lambda: not alive(postmaster) and not alive(supervisor))
        assert alive(back_end)
        again = ensure(durable_home)
    wait_for(lambda: not alive(back_end))
    assert ask(again, "SELECT count(*) FROM filled", database) == 1024


def test_stale_files_whose_number_now_belongs_to_a_stranger_do_not_stop_the_start(home: Path) -> None:
    server = ensure(home, durable=False)
    account = prepare(home).account
    stop(home)
    identity = programs.identity_of(account)
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **identity)  # type: ignore[call-overload]
    try:
        stale = f"{stranger.pid}\n{server.data_dir}\n1700000000\n5432\n{server.socket_dir}\n\n"
        for path in (server.data_dir / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"):
            path.write_text(stale)
            shutil.chown(path, server.data_dir.stat().st_uid, server.data_dir.stat().st_gid)
        (server.socket_dir / ".s.PGSQL.5432").touch()
        assert ask(ensure(home, durable=False), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_data_directory_half_made_at_a_crash_is_made_anew(home: Path) -> None:
    layout = prepare(home)
    (layout.base / "data.part").mkdir()
    (layout.base / "data.part" / "PG_VERSION").write_text("18\n")
    assert ask(ensure(home, durable=False), "SELECT 1") == 1
    assert not (layout.base / "data.part").exists()


def test_a_server_whose_directory_is_removed_under_it_ends(home: Path) -> None:
    server = ensure(home, durable=False, idle_seconds=1)
    supervisor, postmaster = supervisor_of(server), postmaster_of(server)
    wait_for(lambda: removed(server.data_dir.parent))
    wait_for(lambda: not alive(supervisor) and not alive(postmaster))
    release(home / "elsewhere")
    shutil.rmtree(home / "postgres", ignore_errors=True)


# ---------------------------------------------------------------------------- refusals, each with its remedy


def test_data_of_a_version_that_is_not_installed_are_refused_and_untouched(home: Path) -> None:
    layout = prepare(home)
    layout.data.mkdir()
    (layout.data / "PG_VERSION").write_text("9\n")
    error = refusal(lambda: ensure(home, durable=False))
    assert error.code == "postgres.other_major"
    assert "install PostgreSQL 9" in str(error)
    assert [path.name for path in layout.data.iterdir()] == ["PG_VERSION"]
    assert not running(layout)


def test_data_that_vanished_are_not_replaced_by_an_empty_server(home: Path) -> None:
    server = ensure(home, durable=False)
    stop(home)
    server.data_dir.rename(server.data_dir.with_name("moved"))
    error = refusal(lambda: ensure(home, durable=False))
    assert (error.code, "backup" in str(error)) == ("postgres.data_missing", True)
    assert not server.data_dir.exists()


def test_a_server_that_cannot_start_says_where_its_reason_is(home: Path) -> None:
    server = ensure(home, durable=False)
    stop(home)
    (server.data_dir / "global" / "pg_control").unlink()
    error = refusal(lambda: ensure(home, durable=False))
    log = server.data_dir.parent / "log"
    assert (error.code, str(log) in str(error)) == ("postgres.start_failed", True)
    assert "pg_control" in log.read_text()
    assert not running(prepare(home))


def test_a_home_stays_durable_or_throwaway_as_it_was_made(server: Server, home: Path) -> None:
    assert refusal(lambda: ensure(server.home, durable=False)).code == "postgres.other_durability"
    assert refusal(lambda: discard(server.home)).code == "postgres.other_durability"
    assert ask(ensure(home, durable=False), "SHOW fsync") == "off"
    assert refusal(lambda: ensure(home)).code == "postgres.other_durability"
    assert ask(server, "SHOW fsync") == "on"


def test_a_discarded_server_leaves_nothing(home: Path) -> None:
    server = ensure(home, durable=False)
    postmaster = postmaster_of(server)
    discard(home)
    wait_for(lambda: not alive(postmaster))
    assert list(home.iterdir()) == []
    assert not server.data_dir.parent.exists()
    discard(home)


def test_content_never_reaches_the_servers_log(server: Server, database: str) -> None:
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("CREATE TABLE secret (body text PRIMARY KEY)")
        connection.execute("INSERT INTO secret VALUES (%s)", ["客户甲的底价"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO secret VALUES (%s)", ["客户甲的底价"])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT %s::text::int", ["客户甲的底价"])
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("SELEKT '客户甲的底价'")
        # A back end that dies makes the server tell what it was doing; that is content, too.
        pid = int(str(tell(connection, "SELECT pg_backend_pid()")))
        with pytest.raises(psycopg.OperationalError):
            os.kill(pid, signal.SIGKILL)
            connection.execute("SELECT pg_sleep(30), '客户甲的底价'")
    log = server.data_dir.parent / "log"
    # Until the server has seen its end it still takes connections, and ends them with the others afterwards.
    wait_for(lambda: f"PID {pid}" in log.read_text())
    assert ask_until_answered(server, "SELECT count(*) FROM secret", database) == 1
    assert "客户甲" not in log.read_text()


# ---------------------------------------------------------------------------- roles and databases


def test_roles_are_made_once_and_stay_the_same(server: Server) -> None:
    first = create_roles(server)
    assert tuple(first) == ROLES
    assert create_roles(server) == first
    assert stat.S_IMODE(server.roles_file.stat().st_mode) == 0o600
    assert len(set(first.values())) == 4


def test_roles_come_in_with_their_password_only_and_rule_nothing(server: Server, database: str) -> None:
    passwords = create_roles(server)
    for role in ROLES:
        with psycopg.connect(server.dsn(database, role, passwords[role])) as connection:
            assert tell(connection, "SELECT current_user") == role
            rights = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            mine = connection.execute(
                f"SELECT {rights} FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            assert mine == (False, False, False, False, False)
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(server.dsn(database, role, "wrong"))


def test_processes_making_the_roles_at_once_agree(home: Path) -> None:
    processes = [child(CREATE_ROLES_AND_TELL, str(home)) for _ in range(3)]
    told = {answer_of(process) for process in processes}
    assert told == {json.dumps(dict(create_roles(ensure(home, durable=False))), sort_keys=True)}


def test_a_lost_password_file_is_made_anew_on_the_private_server(server: Server, database: str) -> None:
    old = create_roles(server)
    server.roles_file.unlink()
    new = create_roles(server)
    assert set(new.values()).isdisjoint(old.values())
    with psycopg.connect(server.dsn(database, "jieli_app", new["jieli_app"])) as connection:
        assert tell(connection, "SELECT current_user") == "jieli_app"


def test_the_password_itself_is_not_sent_and_its_verifier_is_recognised(server: Server) -> None:
    password = create_roles(server)["jieli_app"]
    verifier = str(ask(server, "SELECT rolpassword FROM pg_authid WHERE rolname = 'jieli_app'"))
    assert verifies(password, verifier)
    assert not verifies(password + "x", verifier)
    assert not verifies(password, "md5" + "0" * 32)
    assert password not in (server.data_dir.parent / "log").read_text()


def test_a_database_name_is_given_once_and_another_suffix_is_free(server: Server, database: str) -> None:
    error = refusal(lambda: create_database(server, database))
    assert (error.code, "another name" in str(error)) == ("postgres.database_exists", True)
    create_database(server, database + "_b")
    drop_database(server, database + "_b")
    drop_database(server, database + "_b")
    assert ask(server, f"SELECT count(*) FROM pg_database WHERE datname LIKE '{database}%'") == 1


def test_a_database_copies_its_template_and_is_closed_to_strangers(server: Server, database: str) -> None:
    with psycopg.connect(server.dsn(database)) as connection:
        connection.execute("CREATE TABLE copied AS SELECT 7 AS n")
    create_database(server, database + "_copy", template=database)
    assert ask(server, "SELECT n FROM copied", database + "_copy") == 7
    with psycopg.connect(server.dsn(database)):
        error = refusal(lambda: create_database(server, database + "_two", template=database))
    assert error.code == "postgres.template_in_use"
    public = f"SELECT count(*) FROM pg_database, aclexplode(datacl) AS a WHERE datname = '{database}_copy'"
    assert ask(server, public + " AND a.grantee = 0") == 0
    with psycopg.connect(server.dsn(database + "_copy")):
        drop_database(server, database + "_copy")


@pytest.mark.parametrize("name", ["", "postgres", "template1", "Jieli", "a-b", 'a"b', "1a", "a" * 64, "接力"])
def test_names_that_are_no_database_of_ours_are_refused(server: Server, name: str) -> None:
    assert refusal(lambda: create_database(server, name)).code == "postgres.bad_name"
    assert refusal(lambda: drop_database(server, name)).code == "postgres.bad_name"


def test_a_database_without_roles_says_what_to_call_first(home: Path) -> None:
    server = ensure(home, durable=False)
    assert refusal(lambda: create_database(server, "too_early")).code == "postgres.no_roles"


def test_data_made_by_another_version_decide_and_it_serves_as_an_external_server_too(home: Path) -> None:
    newest, *others = programs.installed()
    older = [found for found in others if found.major != newest.major]
    if not older:
        pytest.skip("only one major version of PostgreSQL is installed")
    layout = prepare(home)
    layout.data.mkdir(mode=0o700)
    identity = programs.identity_of(layout.account)
    owner = layout.data.stat() if layout.account is None else layout.account
    shutil.chown(layout.data, getattr(owner, "uid", os.geteuid()), getattr(owner, "gid", os.getegid()))
    subprocess.run(
        [older[0].initdb, "-D", layout.data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
        **identity,  # type: ignore[call-overload]
    )
    server = ensure(home, durable=False)
    assert server.version // 10000 == older[0].major

    passwords = create_roles(External(server.dsn("postgres"), home))
    stranger = External(server.dsn("postgres"), home / "stranger")
    error = refusal(lambda: create_roles(stranger))
    assert (error.code, "adopt" in str(error)) == ("postgres.roles_taken", True)
    external = External(server.dsn("postgres"), home)
    assert create_roles(external) == passwords
    create_database(external, "outside_1")
    dsn = external.dsn("outside_1", role="jieli_read", password=passwords["jieli_read"])
    with psycopg.connect(dsn) as connection:
        assert tell(connection, "SELECT current_user") == "jieli_read"
    drop_database(external, "outside_1")
    assert create_roles(stranger, adopt=True) != passwords
    assert "postgresql://" not in repr(external)


def test_an_external_server_that_cannot_be_reached_is_said_so_without_its_password(home: Path) -> None:
    external = External(f"postgresql://postgres:hidden@/postgres?host={home}", home)
    error = refusal(lambda: create_roles(external))
    assert (error.code, "hidden" in str(error)) == ("postgres.unreachable", False)


# ---------------------------------------------------------------------------- accounts


@AS_ROOT
def test_under_root_the_server_is_another_account_and_cannot_reach_the_home(server: Server) -> None:
    account = prepare(server.home).account
    assert account is not None
    assert Path(f"/proc/{postmaster_of(server)}").stat().st_uid == account.uid != 0
    assert "Groups:\t\n" in Path(f"/proc/{postmaster_of(server)}/status").read_text().replace(" \n", "\n")
    assert not server.data_dir.is_relative_to(server.home)
    program = Path(f"/proc/{postmaster_of(server)}/exe").readlink()
    assert program.is_relative_to(server.data_dir.parent)
    create_roles(server)
    for forbidden in (server.roles_file, server.data_dir.parent / "log"):
        denied = subprocess.run(
            ["cat", str(forbidden)],
            check=False,
            capture_output=True,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
        assert (denied.returncode, denied.stdout) == (1, b"")


@AS_ROOT
def test_nobody_but_the_callers_account_comes_in_as_superuser(server: Server) -> None:
    account = prepare(server.home).account
    assert account is not None
    tried = subprocess.run(
        [sys.executable, "-c", "import os, sys, psycopg\n"
         "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1]))\n"
         "psycopg.connect(sys.argv[3])",
         str(account.uid), str(account.gid), server.dsn("postgres")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert tried.returncode == 1
    assert "Peer authentication failed" in tried.stderr


@AS_ROOT
def test_a_copied_home_is_refused_and_a_moved_one_keeps_its_data(fresh_home: Path) -> None:
    first = ensure(fresh_home / "one", durable=False)
    stop(fresh_home / "one")
    shutil.copytree(fresh_home / "one", fresh_home / "two")
    error = refusal(lambda: ensure(fresh_home / "two", durable=False))
    assert (error.code, str(fresh_home / "two") in str(error)) == ("postgres.copied_home", True)
    shutil.rmtree(fresh_home / "two")
    (fresh_home / "one").rename(fresh_home / "two")
    assert ensure(fresh_home / "two", durable=False).data_dir == first.data_dir
    discard(fresh_home / "two")


@AS_ROOT
def test_a_vanished_place_is_said_and_not_made_anew(home: Path) -> None:
    layout = prepare(home)
    shutil.rmtree(layout.base)
    error = refusal(lambda: ensure(home, durable=False))
    assert (error.code, str(layout.base) in str(error)) == ("postgres.data_missing", True)
    shutil.rmtree(layout.secrets)


@AS_ROOT
def test_root_does_not_begin_a_second_server_beside_a_users_data(fresh_home: Path) -> None:
    (fresh_home / "postgres" / "data").mkdir(parents=True)
    assert refusal(lambda: ensure(fresh_home, durable=False)).code == "postgres.other_account"
    shutil.rmtree(fresh_home / "postgres")


@AS_ROOT
def test_an_ordinary_user_keeps_all_under_his_home_and_a_long_path_gets_a_short_socket(
    fresh_home: Path,
) -> None:
    nobody = pwd.getpwnam("nobody")
    interpreter = interpreter_for(nobody.pw_uid)
    own = fresh_home / ("deep-" * 20)
    own.mkdir()
    os.chown(own, nobody.pw_uid, nobody.pw_gid)
    fresh_home.chmod(0o711)
    done = subprocess.run(
        [interpreter, "-c", WHOLE_LIFE_AND_TELL, str(own)],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=300,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{SOURCE}:{SITE_PACKAGES}"},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["uid"] == told["owner"] == nobody.pw_uid
    assert told["answer"] == 42
    assert Path(told["data_dir"]) == own / "postgres" / "data"
    assert len(told["socket_dir"]) < 80 < len(str(own))
    assert told["modes"] == [0o700, 0o700]
    assert told["left"] == []
    assert told["code"] == "postgres.socket_dir_taken"


def interpreter_for(uid: int) -> str:
    """A Python of our version that this user can run: root's own may lie where nobody else comes."""
    program = "import psycopg, jieli.wiring.postgres, sys; print(sys.version_info[:2])"
    for candidate in (sys.executable, "/usr/bin/python3"):
        try:
            tried = subprocess.run(
                [candidate, "-c", program],
                check=False,
                capture_output=True,
                text=True,
                cwd="/",
                user=uid,
                group=uid,
                extra_groups=[],
                env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{SOURCE}:{SITE_PACKAGES}"},
            )
        except OSError:
            continue
        if tried.stdout.strip() == str(tuple(sys.version_info[:2])):
            return candidate
    pytest.skip("no Python that an ordinary user of this machine can run together with this installation")
