"""The child process that opens foreign files: bytes on stdin, JSON on stdout, under limits it sets for itself."""

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict

from resume import containment, pdf, plain, word
from resume.page_text import Broken, DocumentText, Encrypted

MEMORY_BYTES = 1024**3
CPU_SECONDS = 10
FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ctypes.dlopen")

READERS: dict[str, Callable[[bytes], DocumentText]] = {
    "pdf": pdf.read,
    "docx": word.read,
    "txt": plain.read_text,
    "md": plain.read_markdown,
}


def _refuse_network(event: str, _: object) -> None:
    if event.startswith(FORBIDDEN):
        raise PermissionError(f"a reader does not use {event}")


def limit() -> None:
    """Bound memory and CPU, and let go of everything but reading, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    containment.contain()
    sys.addaudithook(_refuse_network)


def read(kind: str, data: bytes) -> dict[str, object]:
    """Return the document's text, or `{"problem": "encrypted" | "broken" | "too_heavy"}`."""
    try:
        text = READERS[kind](data)
    except Encrypted:
        return {"problem": "encrypted"}
    except Broken:
        return {"problem": "broken"}
    except MemoryError:
        return {"problem": "too_heavy"}
    return asdict(text)


def main() -> None:
    """Read one document."""
    limit()
    answer = read(sys.argv[1], sys.stdin.buffer.read())
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
