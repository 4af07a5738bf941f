"""Reads PDF: pdfium character by character, so that what can't be seen is told apart; pypdf as second opinion."""

import ctypes
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pypdf
import pypdf.errors
import pypdfium2
import pypdfium2.raw as pdfium

from resume.page_text import Broken, DocumentText, Encrypted

TINY_POINTS = 2.0
WHITE_FROM = 250
COLUMN_GAP = 1.5
PAINTED = (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Character:
    """One character as the page shows it: its box (left, bottom, right, top) in points, and whether it is seen."""

    text: str
    box: Box
    hidden: bool

    @property
    def size(self) -> float:
        """Its height in points."""
        return self.box[3] - self.box[1]


class Page:
    """The characters of one page."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page
        self._text = page.get_textpage()
        self._frame: Box = page.get_bbox()
        self._backgrounds: list[Box] | None = None

    def characters(self) -> Iterator[Character]:
        """Yield every character in reading order; line breaks are characters too."""
        rect = pdfium.FS_RECTF()
        for index in range(pdfium.FPDFText_CountChars(self._text)):
            code = pdfium.FPDFText_GetUnicode(self._text, index)
            text = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
            pdfium.FPDFText_GetLooseCharBox(self._text, index, ctypes.byref(rect))
            box = (rect.left, rect.bottom, rect.right, rect.top)
            made_up = pdfium.FPDFText_IsGenerated(self._text, index) == 1
            yield Character(text, box, not made_up and not text.isspace() and self._is_hidden(index, box))

    def _is_hidden(self, index: int, box: Box) -> bool:
        left, bottom, right, top = self._frame
        if box[2] <= left or box[0] >= right or box[3] <= bottom or box[1] >= top:
            return True
        if max(box[3] - box[1], box[2] - box[0]) < TINY_POINTS:
            return True
        text_object = pdfium.FPDFText_GetTextObject(self._text, index)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(text_object) if text_object else None
        return mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE or self._is_white(index, box)

    def _is_white(self, index: int, box: Box) -> bool:
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        parts = [ctypes.byref(each) for each in (red, green, blue, alpha)]
        if not pdfium.FPDFText_GetFillColor(self._text, index, *parts):
            return False
        white = min(red.value, green.value, blue.value) >= WHITE_FROM or alpha.value == 0
        return white and not self._is_painted((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    def _is_painted(self, x: float, y: float) -> bool:
        if self._backgrounds is None:
            self._backgrounds = [
                each.get_bounds() for each in self._page.get_objects(PAINTED) if _is_coloured(each)
            ]
        return any(
            left <= x <= right and bottom <= y <= top for left, bottom, right, top in self._backgrounds
        )


def _is_coloured(shape: pypdfium2.PdfObject) -> bool:
    if shape.type != pdfium.FPDF_PAGEOBJ_PATH:
        return True
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(shape, ctypes.byref(fill), ctypes.byref(stroke))
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    parts = [ctypes.byref(each) for each in (red, green, blue, alpha)]
    if fill.value == pdfium.FPDF_FILLMODE_NONE or not pdfium.FPDFPageObj_GetFillColor(shape, *parts):
        return False
    return alpha.value > 0 and min(red.value, green.value, blue.value) < WHITE_FROM


class LineBuilder:
    """Puts characters together to lines; a wide gap between two becomes a tab, since it parts columns."""

    def __init__(self, document: DocumentText, page: int) -> None:
        self._document = document
        self._page = page
        self._seen: list[str] = []
        self._unseen: list[str] = []
        self._left: float | None = None
        self._last: Character | None = None

    def take(self, character: Character) -> None:
        """Add one character, or end the line."""
        if character.text in ("\r", "\n"):
            self.end()
        elif character.hidden:
            self._unseen.append(character.text)
            self._last = character
        else:
            self._take_visible(character)

    def _take_visible(self, character: Character) -> None:
        if not character.text.isspace():
            if self._unseen:
                self._hide()
            if self._last and character.box[0] - self._last.box[2] > COLUMN_GAP * max(character.size, 4.0):
                self._seen.append("\t")
            if self._left is None:
                self._left = character.box[0]
            self._last = character
        self._seen.append(character.text)
        if self._unseen and character.text.isspace():
            self._unseen.append(character.text)

    def _hide(self) -> None:
        self._document.hide("".join(self._unseen))
        self._unseen = []

    def end(self) -> None:
        """Hand over the line."""
        self._document.add("".join(self._seen), self._page, left=self._left)
        if self._unseen:
            self._hide()
        self._seen, self._left, self._last = [], None, None


def _read_pages(opened: pypdfium2.PdfDocument) -> DocumentText:
    document = DocumentText("pypdfium2")
    for number in range(document.limit_pages(len(opened))):
        builder = LineBuilder(document, number + 1)
        for character in Page(opened[number]).characters():
            builder.take(character)
        builder.end()
        if document.full:
            break
    return document


def read_with_pypdf(data: bytes) -> DocumentText:
    """Return the text as pypdf sees it: without positions, and without telling hidden text apart.

    Raises:
        Encrypted: it needs a password.
        Broken: pypdf can't read it either.
    """
    document = DocumentText("pypdf")
    try:
        opened = pypdf.PdfReader(io.BytesIO(data))
        if opened.is_encrypted:
            raise Encrypted
        for number in range(document.limit_pages(len(opened.pages))):
            for line in opened.pages[number].extract_text().splitlines():
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
        Encrypted: it needs a password.
        Broken: neither reader can make anything of it.
    """
    try:
        with pypdfium2.PdfDocument(data) as opened:
            return _read_pages(opened)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise Encrypted from error
        return read_with_pypdf(data)
