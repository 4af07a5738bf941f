"""Takes from a process, for good, what reading a document does not need. Each layer holds without the others.

A layer that the kernel, or a container's own profile, does not grant is left out and named: `contain` says which.
"""

import ctypes
import errno
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import landlockpy
import seccompy
from landlockpy import AccessFS, Scope

from resume.extraction.system_calls import read_only_filter

READER_ID = 64_014
"""The user and group that root becomes: a number that Debian gives to nobody and rootless containers have."""

CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CAPABILITY_VERSION_3 = 0x20080522
SYSTEM_LIBRARIES = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share",
    "/etc/ld.so.cache",
)
DEVICES = ("/dev/null", "/dev/urandom")


@dataclass
class Containment:
    """The layers that hold, and why each of the others does not."""

    active: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, layer: str, apply: Callable[[], None]) -> None:
        """Apply a layer and note whether it holds."""
        try:
            apply()
        except (OSError, AttributeError) as error:  # the latter: a C library without that function
            self.missing[layer] = getattr(error, "strerror", None) or "not on this system"
        else:
            self.active.append(layer)


def contain() -> Containment:
    """Leave this process, which has one thread, only its open streams, its memory and the reading of libraries."""
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    _load_libc()
    containment = Containment()
    containment.add("namespaces", _leave_network)
    containment.add("user", _become_nobody)
    containment.add("capabilities", _drop_capabilities)
    containment.add("privileges", _gain_nothing)
    containment.add("processes", _start_no_process)
    containment.add("landlock", _reach_libraries_only)
    containment.add("seccomp", _call_little)
    return containment


def library_paths() -> list[str]:
    """Return what has to stay readable of Python: its library, its packages, what they load when it is first needed."""
    return sorted({path for path in sys.path if Path(path).is_absolute() and Path(path).is_dir()})


def _load_libc() -> None:
    """Both packages look for the C library in a program of its own, once: while a program may still be started."""
    for package in (landlockpy, seccompy):
        with suppress(OSError):  # refused by a container's profile: said when the layer is applied
            package.supported()


def _checked(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _leave_network() -> None:
    """An empty network and no shared memory; without privileges it takes a user namespace of its own."""
    libc, flags = _libc(), CLONE_NEWNET | CLONE_NEWIPC
    if libc.unshare(flags) != 0:
        _checked(libc.unshare(flags | CLONE_NEWUSER))


def _become_nobody() -> None:
    """Become a user that owns nothing, where this process is root and others may read the libraries."""
    if os.getuid() != 0:
        raise PermissionError(errno.EPERM, "not started as root, so the worker's own user")
    libraries, groups = library_paths(), os.getgroups()
    os.setgroups([])
    os.setresgid(READER_ID, READER_ID, 0)
    os.setresuid(READER_ID, READER_ID, 0)
    if not all(os.access(path, os.R_OK | os.X_OK) for path in libraries):
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)
        raise PermissionError(errno.EACCES, "other users may not read Python's libraries here")
    os.setresuid(READER_ID, READER_ID, READER_ID)
    os.setresgid(READER_ID, READER_ID, READER_ID)


def _drop_capabilities() -> None:
    """A root that has to stay root has then no more rights than a user: it looks into no stronger process."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    none_of_them = (ctypes.c_uint32 * 6)()
    _checked(_libc().capset(header, none_of_them))


def _gain_nothing() -> None:
    """No set-uid program raises it, and no process of the same user looks into it."""
    _checked(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))


def _start_no_process() -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _readable() -> Iterator[tuple[str, AccessFS]]:
    folder = AccessFS.READ_FILE | AccessFS.READ_DIR
    for path in (*library_paths(), *SYSTEM_LIBRARIES, *DEVICES):
        if Path(path).exists():
            yield path, folder if Path(path).is_dir() else AccessFS.READ_FILE


def _reach_libraries_only() -> None:
    """Read libraries, write nothing, open no TCP connection; signal and look into nobody."""
    with landlockpy.Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL) as rules:
        for path, access in _readable():
            rules.allow_path(path, access)
        rules.restrict()


def _call_little() -> None:
    read_only_filter().load()


if __name__ == "__main__":
    json.dump(asdict(contain()), sys.stdout)
