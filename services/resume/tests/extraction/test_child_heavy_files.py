"""Files made to take long: what is taken is read in 5 s and 512 MiB, and the work grows with the file alone."""

import io
import json
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resume.extraction import child, pdf, plain_text
from resume.extraction import docx as docx_reader
from resume.extraction.document import DocumentText
from resume.extraction.pdf_layers import Layer, foremost
from resume.parsing import parser

pytestmark = pytest.mark.slow

MEBIBYTE = 1024**2
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


class Cost(NamedTuple):
    """What reading a file took of the child: its output, seconds of CPU, bytes of memory."""

    output: bytes
    status: int
    seconds: float
    memory: int


# a process is charged with the memory of the one that started it, here with that of all tests: a small one is between
MEASURED = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL, env={})
_, status, usage = os.wait4(child.pid, 0)
json.dump([status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024], sys.stderr)
"""


def read(kind: str, data: bytes) -> Cost:
    """Have the child read a file as the worker does."""
    command = [sys.executable, "-I", "-X", "utf8", "-m", "resume.extraction.child", kind]
    measured = subprocess.run(
        [sys.executable, "-I", "-S", "-c", MEASURED, *command], input=data, capture_output=True, check=True
    )
    status, seconds, memory = json.loads(measured.stderr)
    return Cost(measured.stdout, status, seconds, memory)


def repeated(text: str) -> Callable[[int], bytes]:
    """Return what makes a text of so many characters by repeating another."""
    return lambda size: (text * (size // len(text) + 1))[:size].encode()


def page_of(content: bytes, page: bytes = b"", objects: bytes = b"") -> bytes:
    """Return a PDF of one page with that content."""
    packed = zlib.compress(content, 6)
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    font = b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    leaf = (
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>%b>>endobj\n" % page
    )
    stream = b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream endobj\n" % (len(packed), packed)
    return head + font + leaf + stream + objects + b"trailer<</Root 1 0 R>>"


def written(x: float, y: float, text: str) -> bytes:
    """Return the operators that write a text at a place."""
    return f"BT /F 8 Tf 1 0 0 1 {x:.1f} {y:.1f} Tm ({text}) Tj ET\n".encode()


def rectangles(number: int) -> bytes:
    return b"".join(b"1 g 0 0 0.5 %.2f re f\n" % (842 - index / number) for index in range(number))


def letters_under_rectangles(size: int) -> bytes:
    text = b"".join(written(20, 830 - 8 * (line % 100), "abcdefghij" * 10) for line in range(size // 100))
    return page_of(b"0 g " + text + rectangles(size // 10))


def white_letters_on_rectangles(size: int) -> bytes:
    ground = b"".join(b"1 0 0 rg 0 0 0.5 %.2f re f\n" % (842 - n / size) for n in range(size // 10))
    text = b"".join(written(20, 830 - 8 * (line % 100), "abcdefghij" * 10) for line in range(size // 100))
    return page_of(ground + b"1 g " + text)


def rows_and_marks(size: int) -> bytes:
    marks = b"".join(b"0 g 1 %.2f 2 2 re f\n" % (n * 840 / size) for n in range(size // 10))
    text = b"".join(written(20, (n * 9) % 840, "a") for n in range(size // 10))
    return page_of(b"0 g " + text + marks)


def columns_of_dates(size: int) -> bytes:
    rows = (
        written(300 * (n % 2), 840 - (n * 9) % 840, "2019" if n % 2 else "abc") for n in range(size // 10)
    )
    return page_of(b"0 g " + b"".join(rows))


def rows_going_up(size: int) -> bytes:
    return page_of(b"0 g " + b"".join(written(20, (n * 9) % 840, "2019") for n in range(size // 10)))


def clipped_shapes(size: int) -> bytes:
    path = b"0 0 m " + b"".join(b"%d %d l " % (n % 595, n % 842) for n in range(size // 10)) + b"h W n\n"
    return page_of(written(1, 1, "a") + path + b"".join(b"0 0 %d 9 re f\n" % n for n in range(size // 10)))


def links(size: int) -> bytes:
    number = min(size // 100, 200)
    ids = b" ".join(b"%d 0 R" % (10 + n) for n in range(number))
    notes = b"".join(
        b"%d 0 obj<</Type/Annot/Subtype/Link/Rect[0 0 595 842]/A<</S/URI/URI(http://x.org/%d)>>>>endobj\n"
        % (10 + n, n)
        for n in range(number)
    )
    rows = b"".join(written(20, 840 - (n * 9) % 840, "a") for n in range(size // 10))
    return page_of(b"0 g " + rows, b"/Annots[%b]" % ids, notes)


def operators(text: bytes) -> Callable[[int], bytes]:
    return lambda size: page_of(written(20, 20, "a") + text * (size // len(text)))


def nested_forms(size: int) -> bytes:
    depth = max(size.bit_length() - 3, 1)
    forms = b"".join(
        b"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X %d 0 R>>>>/Length 16>>stream\n"
        b"/X Do /X Do     \nendstream endobj\n" % (10 + n, 11 + n)
        for n in range(depth)
    )
    last = b"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Length 12>>stream\n0 0 9 9 re f\nendstream endobj\n"
    objects = forms + last % (10 + depth)
    return page_of(b"/X Do\n", b"/Resources<</XObject<</X 10 0 R>>>>", objects)


def document(body: Callable[[int], str]) -> Callable[[int], bytes]:
    """Return what makes a Word document around that body."""

    def make(size: int) -> bytes:
        target = io.BytesIO()
        docx.Document().save(target)
        packed = io.BytesIO()
        with (
            zipfile.ZipFile(target) as old,
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
        ):
            for name in old.namelist():
                if name == "word/document.xml":
                    new.writestr(
                        name, f'<w:document xmlns:w="{W}"><w:body>{body(size)}</w:body></w:document>'
                    )
                else:
                    new.writestr(name, old.read(name))
        return packed.getvalue()

    return make


def times(text: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    return document(lambda size: before + text * (size // len(text)) + after)


def deep(opening: str, closing: str, text: str) -> Callable[[int], bytes]:
    return document(lambda size: opening * 60 + text * (size // len(text)) + closing * 60)


COMPANY = "Acme " * 380
TEXTS: dict[str, Callable[[int], bytes]] = {
    "one_company_many_positions": lambda size: (
        f"Experience\nCompany: {COMPANY}\n".encode() + repeated("Position: Engineer\n")(size)
    ),
    "summary": lambda size: (
        b"Summary\n" + repeated("I did many different things for this and that company\n")(size)
    ),
    "words": lambda size: (
        b"Summary\n" + b"".join(b"word%d other%d thing%d\n" % (n, n, n) for n in range(size // 24))
    ),
    "no_sections": repeated("lorem ipsum dolor sit amet, consectetur\n"),
    "jobs": lambda size: (
        b"Experience\n" + repeated("Engineer, Acme, Berlin, 2019 - 2020\n- did things\n")(size)
    ),
    "bullets": lambda size: b"Experience\nEngineer\n" + repeated("- a\n")(size),
    "titles": lambda size: b"Experience\n" + repeated("Engineer\n")(size),
    "dates": lambda size: b"Experience\n" + repeated("2019 - 2020\n")(size),
    "headings": repeated("Experience\nSkills\n"),
    "unknown_headings": repeated("Zzz\n\n"),
    "skills": lambda size: (
        b"Skills\n" + repeated("a, b, c, d, e, f, ")(1_990) + b"\n" + repeated("a, b, c, " * 200 + "\n")(size)
    ),
    "labels": lambda size: b"Skills\n" + repeated("x: y\n")(size),
    "languages": lambda size: (
        b"Languages\n"
        + repeated("English (fluent), German (basic), ")(1_900)
        + b"\n"
        + repeated("English - fluent\n")(size)
    ),
    "certificates": lambda size: b"Certificates\n" + repeated("AWS, 2019\n")(size),
    "education": lambda size: b"Education\n" + repeated("B.Sc. in Physics, University of X, 2019\n")(size),
    "projects": lambda size: b"Projects\n" + repeated("x: a thing | github.com/x/y\n")(size),
    "blank_lines": repeated("\n"),
    "spaces": repeated(" "),
    "em_spaces": repeated("x" + "\u2003" * 1_997 + "x\n"),
    "tabs": repeated("\t"),
    "invisible": repeated("\u200b"),
    "rules": repeated("- - - - - - - - x\n"),
    "commas": repeated(("a, " * 660) + "\n"),
}
SECTIONS = (
    "",
    "Contact",
    "Summary",
    "Experience",
    "Education",
    "Skills",
    "Projects",
    "Certificates",
    "Languages",
)
PIECES = (
    ", ",
    "a, ",
    "A, ",
    "Aa ",
    "A-",
    "1 ",
    "1",
    "12 ",
    "(1) ",
    "((",
    "[(",
    "a.",
    "a@",
    "a@a.",
    "www.",
    "http://",
    "a.b/",
    "| ",
    " - ",
    "\u2013",
    " at A",
    " @ ",
    "2019 ",
    "2019 - ",
    "May ",
    "1/",
    "01/2019 ",
    "since ",
    "B.Sc. ",
    "University ",
    "Engineer, ",
    "+1 ",
    "Berlin, Germany, ",
    "x: ",
    "GPA: ",
    "a'",
    "A\u00e4",
    "<",
    "\t",
    "a\t",
    "1\t",
    ",\u2003",
    "\u2003-",
    "in ",
    "q1 ",
    "12345 A",
    "Full-time ",
    "1 year ",
    "Inc, ",
    "clinical and ",
    "medium.com/",
    "https://a.b.",
    "\u2022",
    "\u2605",
)
MARKDOWN = {
    "emphasis": "*a ",
    "strong": "**a",
    "underscores": "_a_b",
    "code": "`a",
    "links": "[a](",
    "images": "![",
    "brackets": "[[]",
    "angles": "<a",
    "autolinks": "<a:",
    "comments": "<!--",
    "front_matter": "---\n",
    "front_lines": "---\na: ",
    "entries": "a:" + " " * 100,
    "tables": "|",
    "table_rules": "|--",
    "table_blanks": "| : ",
    "headings": "# ",
    "quotes": "> ",
    "hashes": "#",
    "rules": "- ",
    "stars": "* ",
    "heading_tail": "# a" + " #" * 50,
    "backslashes": "\\",
    "dashes": "-:",
    "heading_spaces": "# a" + " " * 150 + "b",
}

WHITE = '<w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>a</w:t></w:r>'
DOCUMENTS: dict[str, Callable[[int], bytes]] = {
    "empty_paragraphs": times("<w:p/>"),
    "empty_elements": times("<w:a/>"),
    "texts_between": times("<a/>x"),
    "runs_of_one_paragraph": times("<w:r><w:t>a</w:t></w:r>", "<w:p>", "</w:p>"),
    "empty_runs_of_one_paragraph": times("<w:r/>", "<w:p>", "</w:p>"),
    "white_runs": times(WHITE, "<w:p>", "</w:p>"),
    "white_paragraphs": times(f"<w:p>{WHITE}</w:p>"),
    "properties": times("<w:r><w:t/></w:r>", "<w:p><w:pPr>" + "<w:x/>" * 50_000 + "</w:pPr>", "</w:p>"),
    "breaks": times("<w:br/>", "<w:p><w:r>", "</w:r></w:p>"),
    "cells_of_one_row": times("<w:tc><w:p/></w:tc>", "<w:tbl><w:tr>", "</w:tr></w:tbl>"),
    "rows": times("<w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr>", "<w:tbl>", "</w:tbl>"),
    "fields_of_one_row": times("<w:sdt/>", "<w:tbl><w:tr>", "</w:tr></w:tbl>"),
    "nested_tables": deep("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", "<w:p/>"),
    "deep_white_runs": deep("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", f"<w:p>{WHITE}</w:p>"),
    "deep_runs": document(
        lambda size: "<w:p>" + "<w:ins>" * 200 + WHITE * (size // len(WHITE)) + "</w:ins>" * 200 + "</w:p>"
    ),
    "boxes": times("<w:txbxContent><w:p/></w:txbxContent>", "<w:p><w:r>", "</w:r></w:p>"),
    "sections": times("<w:p><w:pPr><w:sectPr><w:titlePg/></w:sectPr></w:pPr></w:p>"),
    "one_text": times("a ", "<w:p><w:r><w:t>", "</w:t></w:r></w:p>"),
    "blank_text": times(" ", "<w:p><w:r><w:t xml:space='preserve'>", "</w:t></w:r></w:p>"),
}
PAGES: dict[str, Callable[[int], bytes]] = {
    "letters_under_rectangles": letters_under_rectangles,
    "white_letters_on_rectangles": white_letters_on_rectangles,
    "rows_and_marks": rows_and_marks,
    "columns_of_dates": columns_of_dates,
    "rows_going_up": rows_going_up,
    "clipped_shapes": clipped_shapes,
    "links": links,
    "saved_states": operators(b"q "),
    "shapes": operators(b"0 0 9 9 re f "),
    "letters": operators(b"BT /F 8 Tf 20 20 Td (abcdefghijklmnop) Tj ET\n"),
    "moves": operators(b"BT /F 8 Tf 1 0 0 1 20 20 Tm (a) Tj ET\n"),
    "hidden": operators(b"BT 3 Tr /F 8 Tf 20 20 Td (abcdefghijklmnop) Tj ET\n"),
    "nested_forms": nested_forms,
}

# A generous size of each kind: whatever is larger is refused at the upload, or its rest is left out
WORST = ("emphasis", "front_matter", "entries", "tables", "comments", "heading_spaces")
HEAVY = [
    *(pytest.param("txt", make, 250_000, id=f"txt-{name}") for name, make in TEXTS.items()),
    *(
        pytest.param("md", repeated(text), 1_000_000, id=f"md-{name}")
        for name, text in MARKDOWN.items()
        if name in WORST
    ),
    *(pytest.param("docx", make, 6_000_000, id=f"docx-{name}") for name, make in DOCUMENTS.items()),
    *(pytest.param("pdf", make, 100_000, id=f"pdf-{name}") for name, make in PAGES.items()),
]
HALF_A_GIBIBYTE = 512 * MEBIBYTE


@pytest.mark.parametrize(("kind", "make", "size"), HEAVY)
def test_a_heavy_file_is_read_within_five_seconds_and_half_a_gibibyte(kind, make, size):
    cost = read(kind, make(size))
    assert cost.status == 0
    output = json.loads(cost.output)
    assert "problem" not in output
    assert cost.seconds < 5
    assert cost.memory < HALF_A_GIBIBYTE
    assert len(cost.output) < 2 * MEBIBYTE
    assert len(json.dumps(output["profile"])) < 512 * 1024


def test_a_file_that_needs_more_is_ended_before_it_takes_more():
    cost = read("pdf", page_of(b"q " * 150_000_000))
    assert cost.memory < HALF_A_GIBIBYTE
    assert cost.seconds < 6


# Four times the file is at most so many times the work: linear is 4, the square 16


MOST_GROWTH = 12
PAUSE = 0.05  # seconds of CPU below which the clock tells nothing


def work(function: Callable[[], object]) -> float:
    """Return the seconds of CPU that a call takes, the least of three."""
    costs = []
    for _ in range(3):
        before = time.process_time()
        function()
        costs.append(time.process_time() - before)
    return min(costs)


def assert_it_grows_no_faster_than_the_file(
    function: Callable[[int], Callable[[], object]], size: int
) -> None:
    small, large = work(function(size)), work(function(4 * size))
    assert large < MOST_GROWTH * max(small, PAUSE)


PATIENT = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
LINE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)


@PATIENT
@given(section=st.sampled_from(SECTIONS), piece=LINE, width=st.sampled_from((1, 8, 60)))
def test_four_times_the_text_takes_about_four_times_the_work(section, piece, width):
    line = (piece * width)[:1_900].replace("\n", " ") + "\n"

    def parse(size: int) -> Callable[[], object]:
        data = f"{section}\n{line * (size // len(line))}".encode()
        return lambda: parser.parse(plain_text.read_text(data).lines)

    assert_it_grows_no_faster_than_the_file(parse, 20_000)


@PATIENT
@given(piece=st.lists(st.sampled_from((*MARKDOWN.values(), *PIECES)), min_size=1, max_size=3).map("".join))
def test_four_times_the_markdown_takes_about_four_times_the_work(piece):
    def read_markdown(size: int) -> Callable[[], object]:
        data = repeated(piece)(size)
        return lambda: plain_text.read_markdown(data)

    assert_it_grows_no_faster_than_the_file(read_markdown, 30_000)


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_four_times_the_word_document_takes_about_four_times_the_work(make):
    def read_word(size: int) -> Callable[[], object]:
        data = make(size)
        return lambda: docx_reader.read(data)

    assert_it_grows_no_faster_than_the_file(read_word, 100_000)


@pytest.mark.parametrize("make", PAGES.values(), ids=PAGES)
def test_four_times_the_page_takes_about_four_times_the_work(make):
    def read_pdf(size: int) -> Callable[[], object]:
        data = make(size)
        return lambda: pdf.read(data)

    assert_it_grows_no_faster_than_the_file(read_pdf, 15_000)


def test_a_summary_of_many_lines_takes_memory_by_its_length_and_not_by_its_square():
    def peak(lines: int) -> int:
        text = "Summary\n" + "".join(f"word{n} other{n} thing{n} and{n}\n" for n in range(lines))
        document = plain_text.read_text(text.encode())
        tracemalloc.start()
        parser.parse(document.lines)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(2_400) < 3 * peak(1_200)


coordinates = st.integers(0, 12).map(float)
boxes = st.tuples(coordinates, coordinates, coordinates, coordinates)


@given(st.lists(st.tuples(coordinates, coordinates), max_size=20), st.lists(boxes, max_size=20))
def test_what_lies_foremost_is_what_a_look_at_every_layer_finds(points, shapes):
    layers = [Layer(order, box) for order, box in enumerate(shapes)]

    def looked_up(x, y):
        here = [
            layer.order
            for layer in layers
            if layer.box[0] <= x <= layer.box[2] and layer.box[1] <= y <= layer.box[3]
        ]
        return max(here, default=None)

    assert foremost(points, layers) == [looked_up(x, y) for x, y in points]


def test_every_kind_of_file_has_its_battery():
    assert {parameter.values[0] for parameter in HEAVY} == set(child.READERS)


def test_of_a_document_with_more_lines_than_a_resume_has_the_rest_is_left_out_and_said():
    document: DocumentText = plain_text.read_text(b"a\n" * 6_000)
    assert (len(document.lines), document.warnings) == (5_000, ["Only the first 5,000 lines were read."])
