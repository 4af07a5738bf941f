"""The system calls that a reader of documents needs, after all of Python is loaded; whatever is not here is refused."""

import errno
import fcntl
import os

from seccompy import Action, CmpOp, Filter

WITHOUT_CONDITION = (
    # reading and answering through descriptors that are open
    *("read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "lseek", "close", "close_range"),
    *("dup", "poll", "ppoll", "select", "pselect6"),
    # looking at files
    *("stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2"),
    *("readlink", "readlinkat", "getdents64", "getcwd"),
    # memory
    *("brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "membarrier"),
    # its own threads' locks, signals and end; no new threads or processes
    *("futex", "rseq", "set_robust_list", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
    *("restart_syscall", "sched_yield", "sched_getaffinity", "getcpu", "exit", "exit_group"),
    # time, chance, and who it is
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom"),
    *("getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups"),
    *("getrusage", "uname", "sysinfo"),
)
WRITING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
HARMLESS_FCNTL = (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC)


def read_only_filter() -> Filter:
    """Return the filter: what it does not name fails with EPERM, and another architecture's call ends the process."""
    rules = Filter(default=int(Action.ERRNO) | errno.EPERM)
    for name in WITHOUT_CONDITION:
        _allow(rules, name)
    _allow(rules, "open", (1, CmpOp.MASKED_EQ, os.O_RDONLY, WRITING))
    _allow(rules, "openat", (2, CmpOp.MASKED_EQ, os.O_RDONLY, WRITING))
    _allow(rules, "prlimit64", (0, CmpOp.EQ, 0))  # of itself alone
    for command in HARMLESS_FCNTL:  # F_SETOWN could have the kernel send signals
        _allow(rules, "fcntl", (1, CmpOp.EQ, command))
    return rules


def _allow(
    rules: Filter, name: str, condition: tuple[int, int, int] | tuple[int, int, int, int] | None = None
) -> None:
    try:
        rules.allow(name, args=[condition] if condition else None)
    except ValueError:  # newer architectures never had the oldest calls, such as `open`
        return
