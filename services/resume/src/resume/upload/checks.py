"""What may be uploaded: name, extension, first bytes and size have to agree before anything opens the file."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from common.errors import FileValidationError
from resume.upload import docx_archive, trailers
from resume.upload.file_kind import FileKind

MAX_BYTES = 5 * 1024 * 1024
MAX_NAME_LENGTH = 255
PDF_MARK_WITHIN = 1024
MOST_CONTROL_CHARACTERS = 0.01

OLD_WORD_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_MARK = b"PK\x03\x04"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class UnsupportedFileType(FileValidationError):
    """The extension is not one of ours."""

    code = "unsupported_file_type"
    title = "This type of file is not taken"


class FileTooLarge(FileValidationError):
    """More than 5 MiB."""

    code = "file_too_large"
    title = "The file is too large"

    def __init__(self) -> None:
        super().__init__("The file is larger than 5 MiB. Leave out images, or export it again as PDF.")


class EmptyFile(FileValidationError):
    """No bytes, or nothing but blanks."""

    code = "empty_file"
    title = "The file is empty"


class FileContentMismatch(FileValidationError):
    """What is in the file is not what its name says."""

    code = "file_content_mismatch"
    title = "The file is not what its name says"


class EncryptedFile(FileValidationError):
    """Protected by a password or by restrictions."""

    code = "encrypted_file"
    title = "The file is encrypted"

    def __init__(self) -> None:
        super().__init__(
            "The file is encrypted or protected by a password. Save a copy without password and restrictions,"
            " and upload that."
        )


@dataclass(frozen=True)
class IncomingFile:
    """A file as a client sent it: the name is the client's word, the bytes are unchecked."""

    name: str
    data: bytes


@dataclass(frozen=True)
class CheckedFile:
    """A file that passed every check: its cleaned name, its kind, its bytes."""

    name: str
    kind: FileKind
    data: bytes


def clean_name(name: str) -> str:
    """Return the name without folders, control and direction characters, at most 255 characters long."""
    last = re.split(r"[\\/]", name)[-1]
    normal = unicodedata.normalize("NFC", last)
    visible = "".join(
        " " if char.isspace() else char
        for char in normal
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    tidy = " ".join(visible.split()).strip().rstrip(". ")
    if len(tidy) <= MAX_NAME_LENGTH:
        return tidy
    stem, dot, extension = tidy.rpartition(".")
    if not dot or len(extension) > 10:
        return tidy[:MAX_NAME_LENGTH]
    return stem[: MAX_NAME_LENGTH - len(extension) - 1].rstrip() + dot + extension


def _kind_of(name: str) -> FileKind:
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    extension = {"markdown": "md", "text": "txt"}.get(extension, extension)
    if extension == "doc":
        raise UnsupportedFileType(
            "The old .doc format is not taken. Save it as .docx or PDF, and upload that."
        )
    try:
        return FileKind(extension)
    except ValueError:
        what = f"“.{extension[:20]}” files are" if extension else "A file without an extension is"
        raise UnsupportedFileType(f"{what} not taken. Upload a PDF, DOCX, TXT or MD file.") from None


def _check_pdf(data: bytes) -> None:
    if b"%PDF-" not in data[:PDF_MARK_WITHIN]:
        raise FileContentMismatch(
            "The file is named .pdf and is not a PDF. Export it as PDF, or give it the extension it really has."
        )
    if trailers.is_encrypted(data):
        raise EncryptedFile


def _check_docx(data: bytes) -> None:
    if data.startswith(OLD_WORD_MARK):
        raise (
            EncryptedFile
            if b"E\0n\0c\0r\0y\0p\0t\0" in data
            else FileContentMismatch(
                "The file is named .docx and is an old .doc file. Save it as .docx or PDF, and upload that."
            )
        )
    if not data.startswith(ZIP_MARK):
        raise FileContentMismatch(
            "The file is named .docx and is not a Word document. Save it as .docx or PDF, and upload that."
        )
    docx_archive.check(data)


def _check_text(data: bytes) -> None:
    if data.startswith((b"%PDF-", ZIP_MARK, OLD_WORD_MARK, b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff")):
        raise FileContentMismatch(
            "The file has a text file's name and is none. Give it the extension it really has, or export it as PDF."
        )
    if data.startswith(UTF16_MARKS):
        return
    controls = sum(data.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
    if b"\0" in data or controls > len(data) * MOST_CONTROL_CHARACTERS:
        raise FileContentMismatch(
            "The file has a text file's name and holds no readable text. Export it as PDF."
        )
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise EmptyFile("There is no text in the file. Upload the file that holds your résumé.")


CHECKS = {
    FileKind.PDF: _check_pdf,
    FileKind.DOCX: _check_docx,
    FileKind.TXT: _check_text,
    FileKind.MD: _check_text,
}


def check(file: IncomingFile) -> CheckedFile:
    """Return the file if extension, first bytes, size and structure agree.

    Raises:
        FileValidationError: one of its subclasses says what is wrong and what to do.
    """
    name = clean_name(file.name)
    kind = _kind_of(name)
    if not file.data:
        raise EmptyFile("The file is empty. Upload the file that holds your résumé.")
    if len(file.data) > MAX_BYTES:
        raise FileTooLarge
    CHECKS[kind](file.data)
    return CheckedFile(name if name.rpartition(".")[0] else f"resume.{kind}", kind, file.data)


def attachment(name: str) -> str:
    """Return the Content-Disposition that offers a file under its name, whatever characters it has."""
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
