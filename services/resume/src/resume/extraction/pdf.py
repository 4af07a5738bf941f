"""Reads PDF: pdfium character by character, so that what can't be seen is told apart; pypdf as second opinion."""

import ctypes
import io
from collections.abc import Iterator
from typing import NamedTuple

import pypdf
import pypdf.errors
import pypdfium2
import pypdfium2.raw as pdfium

from resume.extraction import pdf_layout
from resume.extraction.document import MAX_CHARACTERS, Broken, DocumentText, Encrypted, address_of
from resume.extraction.pdf_graphics import WHITE_FROM, Painting
from resume.extraction.pdf_rows import Box, Character, Row, RowBuilder
from resume.text.lines import MAX_LINE_LENGTH

NOT_ENCRYPTED = -1
TINY_POINTS = 2.0
MARK_WITHIN = 25.0
MAX_LINKS = 200
MAX_ROWS_WITH_LINKS = 1_000
MAX_ADDRESS = 500


class Letter(NamedTuple):
    """A character as pdfium has it: its number, what it says, its box, and whether ink is to show it."""

    number: int
    text: str
    box: Box
    shown: bool


class Page:
    """The characters of one page."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page
        self._text = page.get_textpage()
        self._frame: Box = page.get_bbox()
        self._painting = Painting(page)
        self.is_recognised_scan = self._painting.is_recognised_scan
        self.list_marks = self._painting.list_marks
        self.length: int = pdfium.FPDFText_CountChars(self._text)

    def characters(self, most: int) -> list[Character]:
        """Return the characters in reading order, so many at most; line breaks are characters too."""
        letters = self._letters(most)
        texts = [pdfium.FPDFText_GetTextObject(self._text, letter.number) for letter in letters]
        points = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for _, _, box, _ in letters]
        if self.is_recognised_scan:
            covered = grounded = [False] * len(letters)
        else:
            covered = self._painting.covered(points, texts)
            grounded = self._painting.grounded(points, texts)
        return [
            Character(letter.text, letter.box, letter.shown and self._is_hidden(letter, text, over, ground))
            for letter, text, over, ground in zip(letters, texts, covered, grounded, strict=True)
        ]

    def _letters(self, most: int) -> list[Letter]:
        rect = pdfium.FS_RECTF()
        letters = []
        for index in range(min(self.length, most)):
            code = pdfium.FPDFText_GetUnicode(self._text, index)
            text = chr(code) if code < 0x110000 else ""
            pdfium.FPDFText_GetLooseCharBox(self._text, index, ctypes.byref(rect))
            made_up = pdfium.FPDFText_IsGenerated(self._text, index) == 1
            box = (rect.left, rect.bottom, rect.right, rect.top)
            letters.append(Letter(index, text, box, not made_up and not text.isspace()))
        return letters

    def links(self) -> Iterator[tuple[Box, str]]:
        """Yield where something can be clicked, and the address it leads to as it would be written."""
        position, link, rect = ctypes.c_int(0), pdfium.FPDF_LINK(), pdfium.FS_RECTF()
        for _ in range(MAX_LINKS):
            if not pdfium.FPDFLink_Enumerate(self._page, ctypes.byref(position), ctypes.byref(link)):
                return
            action = pdfium.FPDFLink_GetAction(link)
            kind = pdfium.FPDFAction_GetType(action) if action else None
            if kind != pdfium.PDFACTION_URI or not pdfium.FPDFLink_GetAnnotRect(link, ctypes.byref(rect)):
                continue
            target = ctypes.create_string_buffer(MAX_ADDRESS)
            pdfium.FPDFAction_GetURIPath(self._page.pdf, action, target, MAX_ADDRESS)
            yield (
                (rect.left, rect.bottom, rect.right, rect.top),
                address_of(target.value.decode("utf-8", "replace")),
            )

    def _is_hidden(self, letter: Letter, text_object: object, covered: bool, grounded: bool) -> bool:
        box = letter.box
        left, bottom, right, top = self._frame
        if box[2] <= left or box[0] >= right or box[3] <= bottom or box[1] >= top:
            return True
        if max(box[3] - box[1], box[2] - box[0]) < TINY_POINTS:
            return True
        mode = pdfium.FPDFTextObj_GetTextRenderMode(text_object) if text_object else None
        if mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE:
            return not self.is_recognised_scan
        if self.is_recognised_scan:
            return False
        return covered or (self._is_white(letter.number) and not grounded)

    def _is_white(self, index: int) -> bool:
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        parts = [ctypes.byref(channel) for channel in (red, green, blue, alpha)]
        if not pdfium.FPDFText_GetFillColor(self._text, index, *parts):
            return False
        return min(red.value, green.value, blue.value) >= WHITE_FROM or alpha.value == 0


def _is_marked(row: Row, marks: list[Box]) -> bool:
    return any(
        0 < row.left - right <= MARK_WITHIN and row.bottom < (bottom + top) / 2 < row.top
        for _, bottom, right, top in marks
    )


def _rows_of(page: Page, document: DocumentText, most: int, *, first: bool) -> list[Row]:
    builder = RowBuilder()
    for character in page.characters(most):
        builder.take(character)
    builder.end()
    for text in builder.hidden:
        document.hide(text)
    if page.is_recognised_scan and builder.rows:
        document.warn(
            "The file is a scan; what text recognition made of it was read, and may be wrong in places."
        )
    _mark_and_link(builder.rows[:MAX_ROWS_WITH_LINKS], page)
    return pdf_layout.arrange(builder.rows, first_page=first)


def _mark_and_link(rows: list[Row], page: Page) -> None:
    for row in rows:
        row.bullet = _is_marked(row, page.list_marks)
    for box, target in page.links():
        for row in rows:
            room = len(row.text) < MAX_LINE_LENGTH
            if room and row.holds(box) and not row.bullet and target not in row.text:
                row.text = f"{row.text}\t{target}"


def _read_pages(pdf: pypdfium2.PdfDocument) -> DocumentText:
    document = DocumentText("pypdfium2")
    pages: list[list[Row]] = []
    taken = 0
    for number in range(document.limit_pages(len(pdf))):
        page = Page(pdf[number])
        pages.append(_rows_of(page, document, MAX_CHARACTERS - taken, first=number == 0))
        taken += page.length
        if taken >= MAX_CHARACTERS:
            document.warn(f"Only the first {MAX_CHARACTERS:,} characters were read.")
            break
    for number, rows in enumerate(pdf_layout.without_repeats(pages), 1):
        for row in rows:
            document.add(row.text, number, left=row.left, bullet=row.bullet)
    return document


def read_with_pypdf(data: bytes) -> DocumentText:
    """Return the text as pypdf sees it: without positions, and without telling hidden text apart.

    Raises:
        Encrypted: it needs a password.
        Broken: pypdf can't read it either.
    """
    document = DocumentText("pypdf")
    try:
        pdf = pypdf.PdfReader(io.BytesIO(data))
        if pdf.is_encrypted:
            raise Encrypted
        for number in range(document.limit_pages(len(pdf.pages))):
            for line in pdf.pages[number].extract_text().splitlines():
                document.add(line, number + 1)
    except (
        pypdf.errors.PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise Broken from error
    document.warn("The file is damaged; a second reader was used, and some text may be missing.")
    return document


def read(data: bytes) -> DocumentText:
    """Return the text of a PDF.

    Raises:
        Encrypted: it needs a password, or is protected by restrictions.
        Broken: neither reader can make anything of it.
    """
    try:
        with pypdfium2.PdfDocument(data) as pdf:
            if pdfium.FPDF_GetSecurityHandlerRevision(pdf) != NOT_ENCRYPTED:
                raise Encrypted
            return _read_pages(pdf)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise Encrypted from error
        return read_with_pypdf(data)
