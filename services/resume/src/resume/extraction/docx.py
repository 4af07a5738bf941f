"""Reads DOCX: paragraphs, tables, headers, text boxes and links, in the order a person reads them."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

import docx
import docx.opc.exceptions
from docx.oxml.ns import qn
from lxml import etree  # type: ignore[import-untyped]

from resume.extraction.document import MAX_PAGES, Broken, DocumentText, address_of
from resume.extraction.docx_looks import BOX, Element, Looks, property_of

SKIPPED = (
    qn("w:del"),
    qn("w:moveFrom"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
)
MAX_ELEMENTS = 60_000
MAX_SECTIONS = 50
FIELDS = (qn("w:sdt"), qn("w:sdtContent"))
SPOKEN = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}


@dataclass
class Paragraph:
    """One paragraph: what is seen, what is not, and what kind it is."""

    seen: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    breaks: int = 0

    @property
    def lines(self) -> list[str]:
        """The visible text, split at its own line breaks."""
        return [line for line in "".join(self.seen).split("\n") if line.strip()]


def _targets(part: Any) -> dict[str, str]:
    """Return where the links of a part of the document lead, by id."""
    links = [rel for rel in part.rels.values() if rel.is_external]
    return {link.rId: address_of(link.target_ref) for link in links}


def _cells(row: Element) -> Iterator[Element]:
    """Yield the cells of a row, also those inside a form's field, but not those of a table inside a cell."""
    for child in row:
        if child.tag == qn("w:tc"):
            yield child
        elif child.tag in FIELDS:
            yield from _cells(child)


def _names_of(styles: Element) -> dict[str, str]:
    """Return what the styles are called, by id."""
    names = {
        style.get(qn("w:styleId"), ""): style.find(qn("w:name"))
        for style in styles.iterchildren(qn("w:style"))
    }
    return {style_id: name.get(qn("w:val"), "") for style_id, name in names.items() if name is not None}


class Reader:
    """Walks one document and fills its text."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._styles = _names_of(document.styles.element)
        self._links: dict[str, str] = {}
        self._looks = Looks(document.styles.element)
        self._page = 1
        self._elements = 0
        self.text = DocumentText("python-docx")

    def read(self) -> DocumentText:
        """Read the headers, the body, and the footers."""
        for margin in self._margins("header"):
            self._read_part(margin.part, margin._element)  # noqa: SLF001 - python-docx has no public way to its markup
        self._read_part(self._document.part, self._document.element.body)
        for margin in self._margins("footer"):
            self._read_part(margin.part, margin._element)  # noqa: SLF001
        self.text.limit_pages(self._page)
        return self.text

    def _read_part(self, part: Any, container: Element) -> None:
        self._links = _targets(part)
        self._blocks(container)

    def _margins(self, kind: str) -> Iterator[Any]:
        for section in islice(self._document.sections, MAX_SECTIONS):
            first = (
                getattr(section, f"first_page_{kind}") if section.different_first_page_header_footer else None
            )
            for margin in (first, getattr(section, kind)):
                if margin is not None and not margin.is_linked_to_previous:
                    yield margin

    def _blocks(self, container: Element) -> None:
        for child in container:
            if self.text.full:
                self.text.warn_of_the_rest()
            if self._page > MAX_PAGES or self.text.full or not self._counts():
                return
            if child.tag == qn("w:p"):
                self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                for row in child.iterchildren(qn("w:tr")):
                    if self._counts():
                        self._row(row)
            elif child.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")):
                self._blocks(child)

    def _style(self, element: Element) -> str:
        style = property_of(element, "w:pPr", "w:pStyle")
        return "" if style is None else self._styles.get(style.get(qn("w:val")), "")

    def _paragraph(self, element: Element) -> None:
        paragraph = self._parts(element)
        style = self._style(element).lower()
        numbered = property_of(element, "w:pPr", "w:numPr") is not None or style.startswith("list")
        heading = style in ("heading 1", "heading1")
        for line in paragraph.lines:
            self.text.add(line, self._page, bullet=numbered and not heading, heading=heading)
        for box in paragraph.boxes:
            self._blocks(box)

    def _parts(self, element: Element) -> Paragraph:
        paragraph = Paragraph()
        self._collect(element, paragraph, hidden=False)
        self._page += paragraph.breaks
        if paragraph.unseen:
            self.text.hide("".join(paragraph.unseen))
        return paragraph

    def _collect(self, element: Element, paragraph: Paragraph, *, hidden: bool) -> None:
        for child in element:
            if not self._counts():
                return
            if child.tag in SKIPPED:
                continue
            if child.tag == BOX:
                paragraph.boxes.append(child)
            elif child.tag == qn("w:t"):
                (paragraph.unseen if hidden else paragraph.seen).append(child.text or "")
            elif child.tag == qn("w:lastRenderedPageBreak"):
                paragraph.breaks += 1
            elif child.tag in SPOKEN and element.tag == qn("w:r"):
                paragraph.seen.append(SPOKEN[child.tag])
            else:
                before = len(paragraph.seen)
                unseen = hidden or (child.tag == qn("w:r") and self._looks.hides(child))
                self._collect(child, paragraph, hidden=unseen)
                if child.tag == qn("w:hyperlink"):
                    self._show_target(child, paragraph, before)

    def _show_target(self, link: Element, paragraph: Paragraph, before: int) -> None:
        """Write where a link leads behind what it shows, which begins at that part of the paragraph."""
        target = self._links.get(link.get(qn("r:id"), ""))
        shown = "".join(paragraph.seen[before:]).strip() if target else ""
        if target and shown and shown not in target:
            paragraph.seen.append(f" {target}")

    def _counts(self) -> bool:
        """Count one more piece of markup; return False where a résumé has no more than that."""
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            self.text.warn(f"Only the first {MAX_ELEMENTS:,} pieces of the document's markup were read.")
        return self._elements <= MAX_ELEMENTS

    def _row(self, row: Element) -> None:
        cells = list(takewhile(lambda _: self._counts(), _cells(row)))
        paragraphs = [list(cell.iterchildren(qn("w:p"))) for cell in cells]
        flat = all(len(cell.findall(qn("w:tbl"))) == 0 for cell in cells)
        if not flat or any(len(paragraph) > 1 for paragraph in paragraphs):
            for cell in cells:
                self._blocks(cell)
            return
        parts = [self._parts(paragraph[0]) for paragraph in paragraphs if paragraph]
        if any(part.boxes or len(part.lines) > 1 for part in parts):
            for part in parts:
                for line in part.lines:
                    self.text.add(line, self._page)
                for box in part.boxes:
                    self._blocks(box)
            return
        self.text.add("\t".join(line for part in parts for line in part.lines), self._page)


def read(data: bytes) -> DocumentText:
    """Return the text of a Word document.

    Raises:
        Broken: it is none, or damaged.
    """
    try:
        return Reader(docx.Document(io.BytesIO(data))).read()
    except (
        docx.opc.exceptions.OpcError,
        etree.LxmlError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise Broken from error
