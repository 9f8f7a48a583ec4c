"""The PostgreSQL of our own: started, killed in every way, recovered, and never left behind."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import asyncpg
import pytest

from laddverk.kernel.problems import Conflict, Unavailable
from laddverk.platform import embedded
from laddverk.platform.embedded import postmaster
from laddverk.platform.embedded.cluster import REACHABLE_ROOT, SOCKET_PATH_MAX, create, located
from laddverk.platform.embedded.server import Server, is_locked

PARENT = """
import asyncio, sys, time
from pathlib import Path
from laddverk.platform.embedded.cluster import located
from laddverk.platform.embedded.server import Server
server = Server(located(Path(sys.argv[1])), ends_with_us=sys.argv[2] == "ends")
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def removed(state_dir):
    data_dir = (state_dir / "postgres").resolve() / "data"
    if data_dir.exists():
        postmaster.clear_away(data_dir)
    embedded.remove(state_dir)


@pytest.fixture
def state_dir():
    """A directory that unprivileged accounts can come to, as a clone in /srv or /home would be."""
    path = Path(tempfile.mkdtemp(prefix="lv-"))
    path.chmod(0o755)
    yield path
    removed(path)


@pytest.fixture(scope="module")
def seed():
    """The data of a cluster with a table `kept`: initdb is the slow part, and is the same each time."""
    path = Path(tempfile.mkdtemp(prefix="lv-"))
    path.chmod(0o755)
    made = Server(located(path))
    made.start()
    asyncio.run(executed(made.dsn, "CREATE TABLE kept (id int)"))
    made.stop()
    yield made.cluster.data_dir
    removed(path)


@pytest.fixture
def server(seed, state_dir):
    """A running server, with a table `kept` in its database."""
    started = Server(located(state_dir))
    subprocess.run(["cp", "-a", seed, started.cluster.data_dir], check=True)
    started.start()
    yield started
    started.stop()


async def executed(dsn, sql):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


def asked(dsn, sql):
    return asyncio.run(executed(dsn, sql))[0][0]


def until(condition, what, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def parent_of_server(state_dir, manner):
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(state_dir), manner], stdout=subprocess.PIPE, text=True
    )
    return process, int(process.stdout.readline())


def test_it_has_checksums_and_listens_on_a_closed_socket_only(server):
    assert asked(server.dsn, "SHOW data_checksums") == "on"
    assert asked(server.dsn, "SHOW listen_addresses") == ""
    assert asked(server.dsn, "SELECT lower('ÅÄÖ')") == "åäö"
    assert stat.S_IMODE(server.cluster.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.cluster.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.cluster.log_file.stat().st_mode) == 0o600


def test_data_survives_a_clean_stop(server):
    asked(server.dsn, "INSERT INTO kept VALUES (1) RETURNING id")
    server.stop()
    assert "database system is shut down" in server.cluster.log_file.read_text()
    server.start()
    assert asked(server.dsn, "SELECT count(*) FROM kept") == 1


def test_a_second_one_on_the_same_data_is_refused_in_words(server, state_dir):
    with pytest.raises(Conflict, match=f"process {os.getpid()}"):
        Server(located(state_dir)).start()
    assert is_locked(state_dir)
    server.stop()
    assert not is_locked(state_dir)


@pytest.mark.faults
async def test_a_server_killed_under_us_comes_back_with_all_that_was_committed(state_dir):
    restarted = asyncio.Event()
    async with embedded.running(state_dir, on_restart=restarted.set) as dsn:
        await executed(dsn, "CREATE TABLE kept (id int)")
        await executed(dsn, "INSERT INTO kept SELECT generate_series(1, 1000)")
        open_transaction = await asyncpg.connect(dsn)
        await open_transaction.execute("BEGIN")
        await open_transaction.execute("INSERT INTO kept VALUES (-1)")
        said = postmaster.described(located(state_dir).data_dir)
        os.killpg(said.pid, signal.SIGKILL)
        await asyncio.wait_for(restarted.wait(), 20)
        assert (await executed(dsn, "SELECT count(*), min(id) FROM kept"))[0] == (1000, 1)
        open_transaction.terminate()


@pytest.mark.faults
def test_a_server_does_not_outlive_a_laddverk_that_was_killed(state_dir):
    parent, pid = parent_of_server(state_dir, "ends")
    data_dir = located(state_dir).data_dir
    assert postmaster.serves(pid, data_dir)
    parent.kill()
    parent.wait()
    until(lambda: not postmaster.serves(pid, data_dir), "the server is still there")
    assert "received fast shutdown request" in (state_dir / "postgres.log").read_text()


@pytest.mark.faults
def test_both_killed_at_once_is_recovered_at_the_next_start(server, state_dir):
    asked(server.dsn, "INSERT INTO kept VALUES (7) RETURNING id")
    server.stop()
    parent, pid = parent_of_server(state_dir, "ends")
    dsn = located(state_dir).dsn
    asked(dsn, "INSERT INTO kept VALUES (8) RETURNING id")
    parent.send_signal(signal.SIGSTOP)  # so that the server cannot be told in between
    os.killpg(pid, signal.SIGKILL)
    parent.kill()
    parent.wait()
    server.start()
    assert asked(server.dsn, "SELECT sum(id) FROM kept") == 15


@pytest.mark.faults
def test_a_server_left_behind_is_ended_and_taken_over(server, state_dir):
    asked(server.dsn, "INSERT INTO kept VALUES (7) RETURNING id")
    server.stop()
    parent, pid = parent_of_server(state_dir, "stays")
    parent.kill()
    parent.wait()
    assert postmaster.serves(pid, server.cluster.data_dir)
    server.start()
    assert server.pid != pid
    assert not postmaster.serves(pid, server.cluster.data_dir)
    assert asked(server.dsn, "SELECT id FROM kept") == 7


def test_an_old_pid_file_whose_number_another_program_has_now_is_no_obstacle(server):
    server.stop()
    file = server.cluster.data_dir / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{server.cluster.data_dir}\n1\n5432\n\n\n1 1\nready\n")
    shutil.chown(file, server.cluster.account.uid, server.cluster.account.gid)
    server.start()
    assert asked(server.dsn, "SELECT 1") == 1


def test_half_made_data_of_a_killed_first_start_is_made_anew(state_dir):
    cluster = located(state_dir)
    half = cluster.home / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("17\n")
    create(cluster, durable=False)
    assert cluster.data_dir.exists()
    assert not half.exists()


def test_data_of_another_major_version_is_refused_with_the_remedy(server, state_dir):
    server.stop()
    (server.cluster.data_dir / "PG_VERSION").write_text("14\n")
    with pytest.raises(Unavailable, match="written by PostgreSQL 14") as raised:
        located(state_dir)
    assert "laddverk backup" in raised.value.remedy


def test_a_server_that_cannot_start_is_quoted(server):
    server.stop()
    with (server.cluster.data_dir / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = plenty\n")
    with pytest.raises(Unavailable, match="shared_buffers"):
        server.start()


def test_a_long_path_gets_its_socket_in_a_short_closed_place(state_dir):
    deep = state_dir / ("d" * SOCKET_PATH_MAX)
    server = Server(located(deep), durable=False)
    server.start()
    try:
        assert asked(server.dsn, "SELECT 1") == 1
        assert stat.S_IMODE(server.cluster.socket_dir.stat().st_mode) == 0o700
    finally:
        server.stop()
        server.cluster.socket_dir.rmdir()
        removed(deep)


async def test_a_command_joins_the_server_of_a_running_network_and_starts_one_without(state_dir):
    async with embedded.reaching(state_dir) as dsn:
        await executed(dsn, "CREATE TABLE kept (id int)")
    async with embedded.running(state_dir) as dsn, embedded.reaching(state_dir) as same:
        assert same == dsn
        assert await executed(same, "SELECT * FROM kept") == []
    assert not is_locked(state_dir)


@needs_root
def test_under_root_it_runs_as_somebody_without_rights(server):
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert pwd.getpwuid(owner).pw_name in ("laddverk", "nobody")
    assert server.cluster.data_dir.stat().st_uid == owner


@needs_root
def test_a_clone_in_a_closed_directory_keeps_its_data_where_the_server_can_come(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Server(located(closed / "var"), durable=False)
    try:
        server.start()
        assert asked(server.dsn, "SELECT 1") == 1
        assert server.cluster.home.is_relative_to(REACHABLE_ROOT)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        server.stop()
        assert located(closed / "var").home == server.cluster.home, "found again by the link"
        shutil.rmtree(closed / "var")
        fresh = located(closed / "var")
        assert not fresh.data_dir.exists(), "a second clone in the same place does not inherit"
        shutil.rmtree(closed / "var")
        located(closed / "third")
        assert not fresh.home.exists(), "what nobody can come back to is removed"
    finally:
        server.stop()
        for name in ("var", "third"):
            removed(closed / name)


@needs_root
def test_programs_in_a_closed_directory_are_copied_to_where_they_can_be_executed(tmp_path, state_dir):
    original = embedded.candidates()[0]
    closed = tmp_path / "closed"
    shutil.copytree(original.prefix, closed / "pginstall", symlinks=True)
    closed.chmod(0o700)
    cluster = located(state_dir, [embedded.Binaries(closed / "pginstall", original.version)])
    try:
        assert cluster.binaries.prefix.is_relative_to(REACHABLE_ROOT)
        server = Server(cluster, durable=False)
        server.start()
        assert asked(server.dsn, "SHOW server_version").startswith(original.version)
        server.stop()
    finally:
        shutil.rmtree(cluster.binaries.prefix)


@needs_root
def test_an_ordinary_user_runs_it_as_himself(server, state_dir):
    account, reachable = server.cluster.account, server.cluster.binaries  # copies, if the clone is closed to others
    assert asked(server.dsn, "SELECT 1") == 1  # and all of Python that is needed is loaded, for the same reason
    server.stop()
    shutil.rmtree(state_dir)
    state_dir.mkdir()
    os.chown(state_dir, account.uid, account.gid)
    reading, writing = os.pipe()
    child = os.fork()  # and not a new Python: that may lie where only root can come
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            server = Server(located(state_dir, [reachable]), durable=False)
            server.start()
            os.write(writing, f"{asked(server.dsn, 'SELECT 42')} {Path(f'/proc/{server.pid}').stat().st_uid}".encode())
            server.stop()
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    assert os.read(reading, 10_000).decode() == f"42 {account.uid}"


@needs_root
def test_data_of_root_itself_is_refused_with_the_remedy(server, state_dir):
    server.stop()
    os.chown(server.cluster.data_dir, 0, 0)
    with pytest.raises(Conflict, match="refuses to run as root") as raised:
        located(state_dir)
    assert "chown" in raised.value.remedy
