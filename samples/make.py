"""Makes the sample résumés of a made-up person: `python samples/make.py` writes the PDF and the DOCX beside it."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Cm, Pt
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.platypus import Flowable, HRFlowable, Paragraph, SimpleDocTemplate, Table

HERE = Path(__file__).parent
LONG_AGO = (2026, 1, 1, 0, 0, 0)
NAME = "Jordan Rivera"
LABEL = "Senior Backend Engineer"
CONTACT = ("jordan.rivera@example.com", "+1 503 555 0142", "Portland, OR")
LINKS = ("linkedin.com/in/jordan-rivera-example", "github.com/jordan-rivera-example")
SUMMARY = (
    "Backend engineer with nine years of experience in Python and Go, building payment and logistics systems that "
    "stay up. Led a team of five through a move from a monolith to event-driven services, and likes to leave "
    "systems simpler, faster and better measured than they were."
)


@dataclass(frozen=True)
class Job:
    """One position of the made-up person."""

    position: str
    company: str
    place: str
    dates: str
    highlights: tuple[str, ...]


JOBS = (
    Job(
        "Senior Backend Engineer",
        "Northwind Logistics",
        "Portland, OR",
        "Mar 2021 – Present",
        (
            "Led a team of five engineers that split a Django monolith into nine event-driven services on Kafka, "
            "cutting the lead time of a change from eleven days to two.",
            "Reduced the p99 latency of the shipment API from 900 ms to 140 ms by moving hot reads to Redis and "
            "rewriting three Postgres queries.",
            "Introduced service level objectives and on-call reviews; pages per week fell by 60 % within half a year.",
        ),
    ),
    Job(
        "Backend Engineer",
        "Bluebird Payments",
        "Seattle, WA",
        "Jun 2018 – Feb 2021",
        (
            "Built the reconciliation service in Go that matches 4 million transactions a day against bank "
            "statements, with a mismatch rate under 0.01 %.",
            "Designed idempotent payment endpoints and an outbox, which ended double charges that had cost $180,000 "
            "a year.",
            "Mentored two junior engineers, both promoted within eighteen months.",
        ),
    ),
    Job(
        "Software Developer",
        "Cedar Health Systems",
        "Eugene, OR",
        "Aug 2016 – May 2018",
        (
            "Developed REST APIs in Python and Flask for appointment booking, used by 120 clinics.",
            "Raised test coverage from 35 % to 85 % and brought the nightly build from 50 minutes down to 12.",
        ),
    ),
)
EDUCATION = ("B.Sc. in Computer Science", "Oregon State University", "2012 – 2016")
SKILLS = (
    ("Languages", "Python, Go, SQL, TypeScript"),
    ("Frameworks", "FastAPI, Django, SQLAlchemy, gRPC"),
    ("Data", "PostgreSQL, Redis, Apache Kafka, Elasticsearch"),
    ("Infrastructure", "Docker, Kubernetes, Terraform, AWS, OpenTelemetry, GitHub Actions"),
)
PROJECTS = (
    (
        "Queuelight",
        "github.com/jordan-rivera-example/queuelight",
        "A small task queue on Postgres with 1,200 GitHub stars, used in production by three companies.",
    ),
    (
        "Tidepool Maps",
        "",
        "Weekend project that predicts tide pools worth a visit from public tide tables, with 400 monthly users.",
    ),
)
CERTIFICATES = (
    "AWS Certified Solutions Architect – Associate (2023)",
    "Certified Kubernetes Application Developer (2022)",
)
LANGUAGES = "English (native), Spanish (fluent), German (A2)"

PLAIN = ParagraphStyle("plain", fontName="Helvetica", fontSize=9.5, leading=12.5)
BULLET = ParagraphStyle("bullet", parent=PLAIN, leftIndent=12, bulletIndent=2)
HEADING = ParagraphStyle(
    "heading", parent=PLAIN, fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=8
)
TITLE = ParagraphStyle("title", parent=PLAIN, fontName="Helvetica-Bold", fontSize=20, leading=24)
LABELLED = ParagraphStyle("labelled", parent=PLAIN, fontSize=12, leading=16)
RIGHT = ParagraphStyle("right", parent=PLAIN, alignment=TA_RIGHT)


def _heading(text: str) -> list[Flowable]:
    return [Paragraph(text.upper(), HEADING), HRFlowable(width="100%", thickness=0.5, spaceAfter=3)]


def _row(left: str, right: str) -> Flowable:
    cells = [[Paragraph(left, PLAIN), Paragraph(right, RIGHT)]]
    flush = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]
    tight = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 0)]
    return Table(cells, colWidths=[12.5 * cm, 4.5 * cm], style=flush + tight)


def _bullets(texts: tuple[str, ...]) -> list[Flowable]:
    return [Paragraph(text, BULLET, bulletText="•") for text in texts]


def pdf_story() -> list[Flowable]:
    """Return what the PDF shows, from top to bottom."""
    story: list[Flowable] = [Paragraph(NAME, TITLE), Paragraph(LABEL, LABELLED)]
    story += [Paragraph(" | ".join(CONTACT), PLAIN), Paragraph(" | ".join(LINKS), PLAIN)]
    story += [*_heading("Summary"), Paragraph(SUMMARY, PLAIN), *_heading("Experience")]
    for job in JOBS:
        story.append(_row(f"<b>{job.position}</b>", job.dates))
        story += [Paragraph(f"{job.company}, {job.place}", PLAIN), *_bullets(job.highlights)]
    degree, school, dates = EDUCATION
    story += [*_heading("Education"), _row(f"<b>{degree}</b>", dates), Paragraph(school, PLAIN)]
    story += _heading("Skills")
    story += [Paragraph(f"<b>{name}:</b> {members}", PLAIN) for name, members in SKILLS]
    story += _heading("Projects")
    for name, url, text in PROJECTS:
        story += [Paragraph(f"<b>{name}</b>" + (f" | {url}" if url else ""), PLAIN), *_bullets((text,))]
    story += [*_heading("Certifications"), *_bullets(CERTIFICATES)]
    return [*story, *_heading("Languages"), Paragraph(LANGUAGES, PLAIN)]


def make_pdf() -> bytes:
    """Return the résumé as a one-page PDF, the same bytes each time."""
    target = io.BytesIO()
    template = SimpleDocTemplate(
        target,
        pagesize=A4,
        title="Résumé",
        author=NAME,
        invariant=1,
        leftMargin=2 * cm,
        rightMargin=2 * cm,
        topMargin=1.5 * cm,
        bottomMargin=1.2 * cm,
    )
    template.build(pdf_story())
    return target.getvalue()


def _entry(document: DocumentType, bold: str, dates: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(17), WD_TAB_ALIGNMENT.RIGHT)
    paragraph.add_run(bold).bold = True
    paragraph.add_run(f"\t{dates}")


def _bulleted(document: DocumentType, texts: tuple[str, ...]) -> None:
    for text in texts:
        document.add_paragraph(text, style="List Bullet")


def _fill(document: DocumentType) -> None:
    document.add_heading(NAME, level=0)
    for text in (LABEL, " | ".join(CONTACT), " | ".join(LINKS)):
        document.add_paragraph(text)
    document.add_heading("Professional Summary", level=1)
    document.add_paragraph(SUMMARY)
    document.add_heading("Work Experience", level=1)
    for job in JOBS:
        _entry(document, f"{job.company}, {job.place}", job.dates)
        document.add_paragraph(job.position)
        _bulleted(document, job.highlights)
    degree, school, dates = EDUCATION
    document.add_heading("Education", level=1)
    _entry(document, f"{school} – {degree}", dates)
    document.add_heading("Technical Skills", level=1)
    table = document.add_table(rows=0, cols=2)
    for name, members in SKILLS:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = name, members
    document.add_heading("Projects", level=1)
    for name, url, text in PROJECTS:
        document.add_paragraph(name + (f" | {url}" if url else ""))
        _bulleted(document, (text,))
    document.add_heading("Certifications", level=1)
    _bulleted(document, CERTIFICATES)
    document.add_heading("Languages", level=1)
    document.add_paragraph(LANGUAGES)


def _without_time(data: bytes) -> bytes:
    """Return the same archive with one fixed time on every entry."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, LONG_AGO), old.read(entry), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def make_docx() -> bytes:
    """Return the résumé as a Word document, the same bytes each time."""
    document = Document()
    document.styles["Normal"].font.size = Pt(10)
    document.core_properties.author = NAME
    document.core_properties.created = document.core_properties.modified = datetime(*LONG_AGO)  # noqa: DTZ001
    _fill(document)
    target = io.BytesIO()
    document.save(target)
    return _without_time(target.getvalue())


if __name__ == "__main__":
    for suffix, data in (("pdf", make_pdf()), ("docx", make_docx())):
        path = HERE / f"jordan-rivera.{suffix}"
        path.write_bytes(data)
        print(f"{path.name}: {len(data):,} bytes")
