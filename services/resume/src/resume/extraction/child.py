"""The child process that opens and parses foreign files: bytes on stdin, JSON on stdout, under limits of its own."""

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict

from resume.extraction import containment, docx, pdf, plain_text
from resume.extraction.document import Broken, DocumentText, Encrypted
from resume.parsing import parser
from resume.parsing.provenance import Span

MEMORY_BYTES = 512 * 1024**2
CPU_SECONDS = 5
FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ctypes.dlopen")

READERS: dict[str, Callable[[bytes], DocumentText]] = {
    "pdf": pdf.read,
    "docx": docx.read,
    "txt": plain_text.read_text,
    "md": plain_text.read_markdown,
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
    """Return the document's text and profile, or `{"problem": "encrypted" | "broken" | "too_heavy"}`."""
    try:
        text = READERS[kind](data)
        parsed = parser.parse(text.lines)
    except Encrypted:
        return {"problem": "encrypted"}
    except Broken:
        return {"problem": "broken"}
    except MemoryError:
        return {"problem": "too_heavy"}
    for warning in parsed.warnings:
        text.warn(warning)
    return asdict(text) | {
        "profile": parsed.profile.model_dump(),
        "provenance": {pointer: _source(span) for pointer, span in parsed.provenance.items()},
        "unassigned": parsed.unassigned,
    }


def _source(span: Span) -> dict[str, object]:
    return {"lines": span.lines, "text": span.text, "method": "rules", "confidence": span.confidence}


def main() -> None:
    """Read one document."""
    limit()
    output = read(sys.argv[1], sys.stdin.buffer.read())
    json.dump(output, sys.stdout)


if __name__ == "__main__":
    main()
