"""Has a file read in a child process that can neither harm nor outlast this one."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import ResumeProcessingError
from resume.profile import Profile, Source
from resume.text.lines import Line
from resume.upload.file_kind import FileKind

WALL_SECONDS = 20.0
MAX_OUTPUT_BYTES = 8 * 1024**2
COMMAND = (sys.executable, "-I", "-X", "utf8", "-m", "resume.extraction.child")


class Unreadable(ResumeProcessingError):
    """The file can't be read, now or later; the message says why and what to do."""

    code = "resume_unreadable"


BROKEN = "The file is damaged. Open it in your editor, save or export it again, and upload that."
TOO_HEAVY = "The file takes more time or memory to read than a résumé should. Export it again without images and forms."
PROBLEMS = {
    "encrypted": "The file is encrypted. Save a copy without a password, and upload that.",
    "broken": BROKEN,
    "too_heavy": TOO_HEAVY,
}


class ParseResult(BaseModel):
    """What was read: the visible lines, what was hidden, how many pages, and what the owner should know.

    `profile` is what the rules found in the lines, `provenance` by JSON pointer where, and `unassigned` how many lines
    no rule took.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    reader: str
    pages: int
    lines: list[Line]
    hidden: list[str]
    warnings: list[str]
    characters: int
    profile: Profile
    provenance: dict[str, Source]
    unassigned: int

    @property
    def needs_ocr(self) -> bool:
        """True where nothing can be read because the text is a picture."""
        return not any(any(char.isalnum() for char in line.text) for line in self.lines)

    @classmethod
    def of(cls, output: bytes) -> Self:
        """Return what the child's output says.

        Raises:
            Unreadable: it says that it could not read the file, or does not answer in full.
        """
        try:
            return cls.model_validate_json(output)
        except ValidationError:
            problem = next(
                (text for word, text in PROBLEMS.items() if f'"{word}"'.encode() in output), BROKEN
            )
            raise Unreadable(problem) from None


def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _exchange(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    """Give a child the file and return its output.

    Raises:
        Unreadable: its output is more than 8 MiB, which no résumé takes.
    """
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The reader was started without pipes.")
    sending = asyncio.ensure_future(_send(process.stdin, data))
    try:
        output = bytearray()
        while piece := await process.stdout.read(64 * 1024):
            output += piece
            if len(output) > MAX_OUTPUT_BYTES:
                raise Unreadable(TOO_HEAVY)
        await process.wait()
        return bytes(output)
    finally:
        sending.cancel()


async def _send(pipe: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):  # a child that has ended says why by how it ended
        pipe.write(data)
        await pipe.drain()
    pipe.close()


async def read(
    kind: FileKind, data: bytes, *, wall_seconds: float = WALL_SECONDS, command: Sequence[str] = COMMAND
) -> ParseResult:
    """Return the text and profile of a file, read under limits of 512 MiB of memory, 5 s of CPU and 20 s in all.

    Raises:
        Unreadable: the file is encrypted, damaged, or too heavy; trying again would not help.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        kind.value,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,
    )
    try:
        output = await asyncio.wait_for(_exchange(process, data), wall_seconds)
    except TimeoutError:
        raise Unreadable(TOO_HEAVY) from None
    finally:
        _end(process)
        if process.stdout is not None:
            await process.stdout.read()  # asyncio knows of the end only once the pipe is empty
        await process.wait()
    if process.returncode:
        raise Unreadable(TOO_HEAVY if process.returncode < 0 else BROKEN)
    return await asyncio.to_thread(ParseResult.of, output)
