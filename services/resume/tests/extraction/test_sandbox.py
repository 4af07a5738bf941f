import asyncio
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from resume.extraction import child, sandbox
from resume.upload.file_kind import FileKind

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", [FileKind.PDF, FileKind.DOCX])
async def test_a_sample_is_read_in_a_child_process(sample, kind):
    result = await sandbox.read(kind, sample(kind.value))
    assert result.lines[0].text == "Jordan Rivera"
    assert result.characters > 2_000
    assert not result.needs_ocr


@pytest.mark.parametrize("kind", [FileKind.TXT, FileKind.MD])
async def test_text_is_read_in_a_child_process_too(kind):
    result = await sandbox.read(kind, "Zoë".encode())
    assert [line.text for line in result.lines] == ["Zoë"]


async def test_a_scan_needs_ocr(make_pdf):
    result = await sandbox.read(FileKind.PDF, make_pdf(lambda canvas: canvas.rect(10, 10, 500, 700, fill=1)))
    assert result.needs_ocr


async def unreadable(kind, data, **options):
    with pytest.raises(sandbox.Unreadable) as caught:
        await sandbox.read(kind, data, **options)
    return caught.value


async def test_an_encrypted_file_is_unreadable_with_what_to_do(encrypted_pdf):
    assert "encrypted" in (await unreadable(FileKind.PDF, encrypted_pdf)).detail


@pytest.mark.parametrize(
    ("kind", "data"), [(FileKind.PDF, b"%PDF-1.7 nothing"), (FileKind.DOCX, b"PK\x03\x04 nothing")]
)
async def test_a_damaged_file_is_unreadable_with_what_to_do(kind, data):
    error = await unreadable(kind, data)
    assert (error.status, error.code) == (500, "resume_unreadable")
    assert "damaged" in error.detail


async def test_a_file_that_takes_too_long_is_ended(sample):
    assert "more time" in (await unreadable(FileKind.PDF, sample("pdf"), wall_seconds=0.01)).detail


async def test_a_file_that_takes_too_much_memory_is_ended(make_pdf):
    """A page of a few hundred kilobytes that unpacks to more than the child may hold."""
    swollen = zlib.compress(b"q " * 300_000_000, 9)
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>endobj\n"
    stream = b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream endobj\n" % (
        len(swollen),
        swollen,
    )
    data = head + page + stream + b"trailer<</Root 1 0 R>>"
    try:
        result = await sandbox.read(FileKind.PDF, data)
    except sandbox.Unreadable as error:
        assert error.detail in (sandbox.TOO_HEAVY, sandbox.BROKEN)  # noqa: PT017 - either end is a good one
    else:
        assert result.needs_ocr


async def test_no_child_is_left_when_the_reader_is_cancelled(sample, eventually):
    task = asyncio.create_task(sandbox.read(FileKind.PDF, sample("pdf")))
    children = await eventually(lambda: asyncio.to_thread(_children))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not children & _children()


def _children():
    own = Path(f"/proc/self/task/{Path('/proc/self').resolve().name}/children")
    pids = own.read_text().split()
    return {pid for pid in pids if b"resume.extraction.child" in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.mark.parametrize(
    ("output", "detail"),
    [(b'{"problem": "too_heavy"}', sandbox.TOO_HEAVY), (b"{", sandbox.BROKEN), (b"", sandbox.BROKEN)],
)
def test_output_that_is_no_result_is_an_error(output, detail):
    with pytest.raises(sandbox.Unreadable) as caught:
        sandbox.ParseResult.of(output)
    assert caught.value.detail == detail


# The child itself


def in_child(code):
    program = f"from resume.extraction import child; child.limit()\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_child_opens_no_connection_and_starts_no_program():
    done = in_child("import socket\nsocket.create_connection(('127.0.0.1', 1))")
    assert "a reader does not use socket." in done.stderr
    done = in_child("import subprocess\nsubprocess.run(['true'])")
    assert "a reader does not use subprocess.Popen" in done.stderr


def test_the_child_writes_no_file(tmp_path):
    assert in_child(f"open({str(tmp_path / 'x')!r}, 'w').write('x' * 100000)").returncode != 0


def test_the_child_gets_half_a_gibibyte_of_memory_and_five_seconds():
    assert "MemoryError" in in_child("bytearray(1024 ** 3 // 2)").stderr
    done = in_child("import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU))")
    assert done.stdout.strip() == "(5, 5)"


def test_the_child_answers_in_json(sample):
    command = [sys.executable, "-m", "resume.extraction.child", "pdf"]
    done = subprocess.run(command, input=sample("pdf"), capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout)["pages"] == 1


def test_each_problem_has_its_word(encrypted_pdf):
    assert child.read("pdf", encrypted_pdf) == {"problem": "encrypted"}
    assert child.read("pdf", b"%PDF-") == {"problem": "broken"}
    assert child.read("txt", b"hello")["characters"] == 5


async def test_a_child_that_answers_without_end_is_ended():
    flood = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    error = await unreadable(FileKind.TXT, b"x", command=(sys.executable, "-c", flood))
    assert error.detail == sandbox.TOO_HEAVY
