"""Passwords: the policy, and bcrypt in a small pool of threads that never blocks the event loop."""

import asyncio
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import TypeVar

import bcrypt

from common.errors import PasswordPolicyError, ServiceUnavailableError
from common.metrics import meter

T = TypeVar("T")
WAITING = meter.create_gauge(
    "interviewace.auth.hashing.waiting", description="Passwords that wait for a thread."
)
WAIT = meter.create_histogram(
    "interviewace.auth.hashing.wait", unit="s", description="Seconds a password waited for a thread."
)

SHORTEST = 8
LONGEST_BYTES = 72
REMEMBERED = 5
COMMON = frozenset(files("auth").joinpath("common_passwords.txt").read_text(encoding="utf-8").split())


def normalize(password: str) -> bytes:
    """Return the password as bytes, the same for every way of typing the same characters (NFKC)."""
    return unicodedata.normalize("NFKC", password).encode()


def check(password: str, email: str) -> None:
    """Refuse a password that breaks the policy.

    Raises:
        PasswordPolicyError: with the rule it breaks.
    """
    text = normalize(password).decode()
    rules = (
        (len(text) >= SHORTEST, f"It needs at least {SHORTEST} characters."),
        (len(text.encode()) <= LONGEST_BYTES, f"It may have at most {LONGEST_BYTES} bytes of UTF-8."),
        (any(character.islower() for character in text), "It needs a lower-case letter."),
        (any(character.isupper() for character in text), "It needs an upper-case letter."),
        (any(character.isdigit() for character in text), "It needs a digit."),
        (
            any(not character.isalnum() and not character.isspace() for character in text),
            "It needs a symbol, such as ! or -.",
        ),
        (text.casefold() not in COMMON, "It is among the most common passwords."),
        (_bare(text) not in COMMON, "It is a common password with a little decoration."),
        (
            text.casefold() not in (email.casefold(), email.split("@")[0].casefold()),
            "It must not be the address.",
        ),
    )
    for holds, rule in rules:
        if not holds:
            raise PasswordPolicyError(f"Choose another password. {rule}")


def _bare(text: str) -> str:
    return text.casefold().rstrip("0123456789!?.-_#$*")


class Hasher:
    """bcrypt in a bounded pool: when too many wait, the next is sent away at once."""

    def __init__(self, rounds: int, threads: int, queue: int) -> None:
        self._rounds = rounds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt")
        self._threads = threads
        self._places = self._room = threads + queue
        self._nobody = bcrypt.hashpw(b"nobody's password", bcrypt.gensalt(rounds)).decode()

    async def hash(self, password: str) -> str:
        """Return the bcrypt hash of a password.

        Raises:
            ServiceUnavailableError: too many passwords wait already.
        """
        hashed = await self._run(bcrypt.hashpw, normalize(password), bcrypt.gensalt(self._rounds))
        return hashed.decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Say whether the password is the one behind the hash; without a hash it takes as long and says no.

        Raises:
            ServiceUnavailableError: too many passwords wait already.
        """
        given = normalize(password)[:LONGEST_BYTES]
        same = await self._run(bcrypt.checkpw, given, (hashed or self._nobody).encode())
        return same and hashed is not None and len(normalize(password)) <= LONGEST_BYTES

    async def _run(self, work: Callable[[bytes, bytes], T], first: bytes, second: bytes) -> T:
        if self._room <= 0:
            raise ServiceUnavailableError(
                "Too many people sign in at the moment; try again shortly.", retry_after=1
            )
        self._take(1)
        asked = time.perf_counter()

        def work_in_turn() -> T:
            WAIT.record(time.perf_counter() - asked)
            return work(first, second)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work_in_turn)
        finally:
            self._take(-1)

    def _take(self, places: int) -> None:
        self._room -= places
        WAITING.set(max(0, self._places - self._room - self._threads))

    async def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)
