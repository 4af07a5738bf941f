"""What a DOCX is inside: a zip archive, checked from its directory before anything unpacks it."""

import io
import re
import zipfile
import zlib

from common.errors import FileValidationError

MAX_ENTRIES = 500
MAX_ENTRY_BYTES = 50 * 1024 * 1024
MAX_TOTAL_BYTES = 100 * 1024 * 1024
MAX_MARKUP_BYTES = 6 * 1024 * 1024  # a tree of elements takes up to fifty times its markup
MAX_RATIO = 200
RATIO_COUNTS_FROM = 64 * 1024
MAX_RELATIONS_BYTES = 256 * 1024
DECLARATIONS_WITHIN = 4096

BEFORE_MARKUP = b"\xef\xbb\xbf\xff\xfe \t\r\n"
ENTRY_MARK = b"PK\x01\x02"
REQUIRED = ("[Content_Types].xml", "word/document.xml")
RELATION = re.compile(rb"<[\w:]*Relationship\s[^<>]{0,8192}>")
ACTIVE_PART = re.compile(r"(?:vbaProject|vbaData|macrosheet|/activeX/|attachedToolbars)", re.IGNORECASE)
EMBEDDED_PART = re.compile(r"(?:/embeddings/|oleObject)|\.(?:zip|docx|docm|jar|7z|rar|gz)$", re.IGNORECASE)


class UnsafeArchive(FileValidationError):
    """The archive could harm who opens it, or is not whole."""

    code = "unsafe_file"
    title = "The document can't be opened safely"


class BrokenDocument(FileValidationError):
    """It begins like a Word document and is none."""

    code = "broken_document"
    title = "The document is damaged"

    def __init__(self) -> None:
        super().__init__(
            "The Word document is damaged or is none. Open it in your editor, save it again, or use PDF."
        )


class TooMuchInside(UnsafeArchive):
    """Unpacked, it would be far larger than any résumé."""

    code = "archive_too_large"

    def __init__(self) -> None:
        super().__init__(
            "The document unpacks to far more than a résumé needs. Save it again, or export it as PDF."
        )


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise TooMuchInside
    for entry in entries:
        swollen = entry.file_size > RATIO_COUNTS_FROM and entry.file_size > MAX_RATIO * max(
            entry.compress_size, 1
        )
        if entry.file_size > MAX_ENTRY_BYTES or swollen:
            raise TooMuchInside


def _check_parts(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise UnsafeArchive("The document is encrypted. Save a copy without a password, and upload that.")
    if len(set(names)) != len(names) or not set(REQUIRED) <= set(names):
        raise BrokenDocument
    for name in names:
        if ACTIVE_PART.search(name):
            raise UnsafeArchive("The document holds macros or controls. Save it as plain .docx or PDF.")
        if EMBEDDED_PART.search(name):
            raise UnsafeArchive("The document holds other files inside it. Remove them, or export it as PDF.")


def _beginning(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(entry) as part:
        return part.read(limit)


def _is_markup(name: str, beginning: bytes) -> bool:
    """Return True for what may be parsed as XML, whatever its name says."""
    return name.endswith((".xml", ".rels")) or beginning.replace(b"\0", b"").lstrip(BEFORE_MARKUP)[:1] == b"<"


def _check_markup(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    size = 0
    for entry in entries:
        name = entry.filename.lower()
        whole = name.endswith(".rels") or name == "[content_types].xml"
        markup = _beginning(archive, entry, MAX_RELATIONS_BYTES + 1 if whole else DECLARATIONS_WITHIN)
        if not _is_markup(name, markup):
            continue
        size += entry.file_size
        if len(markup) > MAX_RELATIONS_BYTES or size > MAX_MARKUP_BYTES:
            raise TooMuchInside
        if b"<!DOCTYPE" in markup or b"<!ENTITY" in markup or (whole and b"\0" in markup):
            raise UnsafeArchive(
                "The document declares entities of its own. Save it again, or export it as PDF."
            )
        if whole and b"macroenabled" in markup.lower():
            raise UnsafeArchive("The document holds macros. Save it as plain .docx or PDF.")
        _check_relations(markup)


def _check_relations(markup: bytes) -> None:
    for relation in RELATION.findall(markup):
        if b"External" in relation and b"/hyperlink" not in relation:
            raise UnsafeArchive(
                "The document loads a template, image or object from elsewhere. Embed it, or export it as PDF."
            )


def check(data: bytes) -> None:
    """Refuse a Word document that is a bomb, carries active or foreign content, is encrypted or broken.

    Raises:
        FileValidationError: one of its subclasses says what is wrong and what to do.
    """
    if data.count(ENTRY_MARK) > MAX_ENTRIES:
        raise TooMuchInside
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_sizes(entries)
            _check_parts(entries)
            _check_markup(archive, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise BrokenDocument from error
