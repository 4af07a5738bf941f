"""What a contained process is refused, each tried for real, and that the same works where nothing contains it."""

import asyncio
import ctypes
import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog

from resume.extraction import containment_check, sandbox
from resume.extraction.containment import READER_ID, Containment
from resume.upload.file_kind import FileKind

pytestmark = pytest.mark.slow

LACKING = {
    "landlock": "landlock_create_ruleset",
    "seccomp": "seccomp",
    "namespaces": "unshare",
}
ACTS = {
    "read the parent's environment": "open(f'/proc/{parent}/environ', 'rb').read(1)",
    "open the parent's memory": "os.open(f'/proc/{parent}/mem', os.O_RDONLY)",
    "copy the parent's memory": "checked(libc.process_vm_readv(parent, vector(mine), 1, vector(theirs), 1, 0))",
    "trace the parent": "checked(libc.ptrace(0x4206, parent, 0, 0))",  # PTRACE_SEIZE, which does not stop it
    "signal the parent": "os.kill(parent, 0)",
    "change the parent's limits": "resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0))",
    "read the signing key": "open(folder + '/auth.pem').read()",
    "list a folder": "os.listdir(folder)",
    "write a file": "open(folder + '/new', 'w').close()",
    "write over a file": "open(folder + '/auth.pem', 'r+').close()",
    "delete a file": "os.unlink(folder + '/victim')",
    "rename a file": "os.rename(folder + '/victim', folder + '/other')",
    "make a folder": "os.mkdir(folder + '/made')",
    "open up a file": "os.chmod(folder + '/victim', 0o666)",
    "connect to Postgres": "socket.create_connection(('127.0.0.1', port), 5)",
    "listen": "socket.create_server(('127.0.0.1', 0))",
    "use a Unix socket": "socket.socketpair()",
    "start a program": "os.posix_spawn('/bin/true', ['true'], {})",
    "start a process": "os.fork() or os._exit(0)",
    "start a thread": "threading.Thread(target=int).start()",
    "become a program": "os.execv('/bin/echo', ['echo', 'done'])",
}
PREPARATION = """
import ctypes, json, os, resource, socket, sys, threading
from resume.extraction import containment
parent, address, port, folder = (json.loads(argument) for argument in sys.argv[1:5])
libc = ctypes.CDLL(None, use_errno=True)
mine = ctypes.addressof(ctypes.create_string_buffer(4))
theirs = address
def vector(start):
    return (ctypes.c_size_t * 2)(start, 4)
def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
"""
LACKS = """
import seccompy
profile = seccompy.Filter()
for name in {names}:
    profile.errno(name, {code})
profile.load()
"""
ATTEMPT = """
try:
    {act}
    print("done", flush=True)
except (OSError, RuntimeError) as error:
    print("refused")
"""
SECRET = ctypes.create_string_buffer(b"parent", 8)


@pytest.fixture(scope="module")
def kernel() -> Containment:
    done = subprocess.run(containment_check.COMMAND, capture_output=True, check=True, timeout=60)
    return Containment(**json.loads(done.stdout))


@pytest.fixture
def child(service, tmp_path):
    """Run code in a child: contained, on a kernel that lacks layers, or as it is."""
    for name in ("auth.pem", "victim"):
        (tmp_path / name).write_text("PRIVATE KEY")

    def run(code, *, contained=True, lacks=(), refusal=errno.ENOSYS, **options):
        program = PREPARATION
        if lacks:
            program += LACKS.format(names=[LACKING[layer] for layer in lacks], code=refusal)
        program += "containment.contain()\n" if contained else ""
        port = urlsplit(service.url).port
        arguments = [
            json.dumps(value) for value in (os.getpid(), ctypes.addressof(SECRET), port, str(tmp_path))
        ]
        command = [sys.executable, "-I", "-c", program + code, *arguments]
        done = subprocess.run(
            command, env={}, cwd="/", capture_output=True, text=True, check=False, timeout=60, **options
        )
        assert not done.stderr, done.stderr
        return done.stdout.strip()

    return run


def need(kernel, *layers):
    for layer in layers:
        if layer not in kernel.active:
            pytest.skip(f"this kernel does not grant {layer}: {kernel.missing[layer]}")


def traces_are_free():
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return os.geteuid() == 0 or not scope.exists() or scope.read_text().strip() == "0"


@pytest.mark.parametrize("act", ACTS)
def test_an_uncontained_child_may(child, act):
    if "memory" in act or "trace" in act:
        assert traces_are_free() or pytest.skip("this kernel lets nobody trace a parent")
    assert child(ATTEMPT.format(act=ACTS[act]), contained=False) == "done"


@pytest.mark.parametrize("act", ACTS)
def test_a_contained_child_may_not(child, kernel, act):
    need(kernel, "landlock", "seccomp")
    assert child(ATTEMPT.format(act=ACTS[act])) == "refused"


FILES = (
    "read the signing key",
    "list a folder",
    "write a file",
    "write over a file",
    "delete a file",
    "rename a file",
)
PARENT = (
    "read the parent's environment",
    "open the parent's memory",
    "copy the parent's memory",
    "trace the parent",
)


@pytest.mark.parametrize("act", [*FILES, *PARENT, "connect to Postgres", "become a program", "make a folder"])
def test_landlock_refuses_by_itself_where_seccomp_is_lacking(child, kernel, act):
    need(kernel, "landlock")
    assert child(ATTEMPT.format(act=ACTS[act]), lacks=("seccomp",)) == "refused"


@pytest.mark.parametrize("act", [act for act in ACTS if act not in (*FILES[:2], *PARENT[:2])])
def test_seccomp_refuses_by_itself_where_landlock_and_namespaces_are_lacking(child, kernel, act):
    need(kernel, "seccomp")
    assert child(ATTEMPT.format(act=ACTS[act]), lacks=("landlock", "namespaces")) == "refused"


@pytest.mark.parametrize("refusal", [errno.ENOSYS, errno.EPERM])
def test_a_layer_that_an_older_kernel_or_a_profile_refuses_is_named_with_its_reason(child, refusal):
    code = "print(json.dumps(containment.contain().missing))"
    missing = json.loads(child(code, contained=False, lacks=LACKING, refusal=refusal))
    assert {missing[layer] for layer in LACKING} == {os.strerror(refusal)}


def test_open_files_are_not_inherited(child, tmp_path):
    with (tmp_path / "auth.pem").open() as file:
        for contained, outcome in ((False, "PRIVATE KEY"), (True, "closed")):
            code = (
                f"try:\n  print(os.read({file.fileno()}, 100).decode())\nexcept OSError:\n  print('closed')"
            )
            assert child(code, contained=contained, pass_fds=[file.fileno()]) == outcome


def test_a_root_becomes_a_user_that_owns_nothing_where_others_may_read_the_libraries(child, kernel):
    if os.geteuid() != 0 or kernel.missing.get("user") == os.strerror(errno.EPERM):
        pytest.skip("these tests do not run as a root that may become somebody else")
    code = "sys.path[:] = ['/usr/lib']\ncontainment.contain()\n"
    code += "print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups())"
    assert child(code, contained=False) == f"{READER_ID} {READER_ID} {READER_ID} []"


async def test_a_reader_inherits_no_environment(sample, eventually, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://resume:secret@db")
    task = asyncio.create_task(sandbox.read(FileKind.PDF, sample("pdf")))
    environment = await eventually(lambda: asyncio.to_thread(reader_environments))
    assert environment == [b""]
    assert (await task).pages == 1


def reader_environments():
    """The environment of each child that reads now, as it was started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    readers = [
        pid for pid in children if b"resume.extraction.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return [Path(f"/proc/{pid}/environ").read_bytes() for pid in readers]


def test_no_capability_is_left(child):
    code = "header = (ctypes.c_uint32 * 2)(0x20080522, 0)\nheld = (ctypes.c_uint32 * 6)()\n"
    code += "take = libc.capget\ncontainment.{}\nchecked(take(header, held))\nprint(sum(held))"
    assert child(code.format("_drop_capabilities()"), contained=False) == "0"


def test_modules_are_still_loaded_when_they_are_first_needed(child):
    code = "import docx, pypdf\nfrom encodings import cp437\nprint(docx.Document() is not None)"
    assert child(code) == "True"


async def test_the_worker_says_once_what_contains_its_readers(service):
    with structlog.testing.capture_logs() as logs:
        async with service.working():
            pass
    [line] = [entry for entry in logs if "contained" in entry["event"]]
    assert "privileges" in line["active"]


async def test_a_check_without_a_result_is_said_to_be_without():
    containment = await containment_check.check((sys.executable, "-c", "print('nothing')"))
    assert containment.missing == {"all": "the check gave no result"}


def test_a_worker_whose_children_are_not_contained_closes_its_memory_to_them():
    code = "from resume.extraction import containment_check as c\n"
    code += "from resume.extraction.containment import Containment\n"
    code += "import ctypes\nread = ctypes.CDLL(None).prctl\n"
    code += "for active in (['landlock', 'seccomp'], ['landlock']):\n"
    code += "    c.tell(Containment(active))\n    print('dumpable', read(3, 0, 0, 0, 0))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert [line for line in done.stdout.splitlines() if "dumpable" in line] == ["dumpable 1", "dumpable 0"]
    assert "reader_partly_contained" in done.stdout
