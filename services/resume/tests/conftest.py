"""Files to upload: good ones, broken ones, dangerous ones; and a worker that reads them."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from resume.extraction.document import DocumentText
from resume.extraction.plain_text import read_text
from resume.parsing.parser import Parsed, parse
from resume.text.lines import Line
from testkit.services import Client, ServiceUnderTest

SAMPLES = Path(__file__).parents[3] / "samples"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
TEXT = "Robin Example\nrobin@example.com\n\nExperience\nEngineer at Acme Corp, 2019 - 2022\n- Built things\n"


@pytest.fixture(scope="session")
def sample() -> Callable[[str], bytes]:
    """Return the bytes of the sample résumé of that kind."""
    return lambda kind: (SAMPLES / f"jordan-rivera.{kind}").read_bytes()


@pytest.fixture(scope="session")
def make_pdf() -> Callable[[Callable[[Canvas], None]], bytes]:
    """Return a one-page PDF of what a function draws."""

    def make(draw: Callable[[Canvas], None]) -> bytes:
        target = io.BytesIO()
        canvas = Canvas(target, pagesize=A4, invariant=1)
        draw(canvas)
        canvas.showPage()
        canvas.save()
        return target.getvalue()

    return make


@pytest.fixture(scope="session")
def encrypted_pdf(sample: Callable[[str], bytes]) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(sample("pdf")))
    writer.encrypt("secret", algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


@pytest.fixture(scope="session")
def make_archive() -> Callable[..., bytes]:
    """Return a zip archive that passes for a Word document, with more in it as asked."""

    def make(entries: dict[str, bytes | str] | None = None) -> bytes:
        target = io.BytesIO()
        whole: dict[str, bytes | str] = {"[Content_Types].xml": TYPES, "word/document.xml": "<w/>"}
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (whole | (entries or {})).items():
                archive.writestr(name, content)
        return target.getvalue()

    return make


@pytest.fixture(scope="session")
def make_docx() -> Callable[[Callable[[Any], None]], bytes]:
    """Return a Word document that a function has filled."""

    def make(fill: Callable[[Any], None]) -> bytes:
        document = docx.Document()
        fill(document)
        target = io.BytesIO()
        document.save(target)
        return target.getvalue()

    return make


@pytest.fixture(scope="session")
def lines_of() -> Callable[[str], list[Line]]:
    """Return the lines of a plain text."""
    return lambda text: read_text(text.encode()).lines


@pytest.fixture(scope="session")
def parse_text(lines_of: Callable[[str], list[Line]]) -> Callable[[str], Parsed]:
    """Return the profile of a plain text."""
    return lambda text: parse(lines_of(text))


@pytest.fixture
def text_of() -> Callable[[DocumentText], list[str]]:
    """Return what a reader saw, line by line."""
    return lambda document: [line.text for line in document.lines]


Upload = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def upload() -> Upload:
    """Upload a résumé and return the response's body."""

    async def send(client: Client, name: str = "robin.txt", data: bytes = TEXT.encode()) -> dict[str, Any]:
        response = await client.post("/api/v1/resume/upload", files={"file": (name, data)})
        assert response.status_code == 202, response.text
        body: dict[str, Any] = response.json()
        return body

    return send


@pytest.fixture(scope="session")
def when_read(eventually: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Wait until a résumé is read, or can't be, and return it; a worker must be running."""

    async def wait(client: Client, resume_id: str) -> dict[str, Any]:
        async def ended() -> dict[str, Any] | None:
            body: dict[str, Any] = (await client.get(f"/api/v1/resume/{resume_id}")).json()
            return body if body["status"] in ("parsed", "needs_ocr", "failed") else None

        resume: dict[str, Any] = await eventually(ended)
        return resume

    return wait


@pytest.fixture
def events_of(service: ServiceUnderTest) -> Callable[[str], Awaitable[list[str]]]:
    """Return the kinds of the events published about a résumé, oldest first."""

    async def names(resume_id: str) -> list[str]:
        return [event["ce_type"] for event in await service.published() if str(event["subject"]) == resume_id]

    return names
