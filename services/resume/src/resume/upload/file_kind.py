"""The kinds of file a résumé may come as."""

from enum import StrEnum


class FileKind(StrEnum):
    """The kinds of file that are taken, by extension."""

    PDF = "pdf"
    DOCX = "docx"
    TXT = "txt"
    MD = "md"

    @property
    def media_type(self) -> str:
        """The media type it is stored and sent back with."""
        return MEDIA_TYPES[self]


MEDIA_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.TXT: "text/plain",
    FileKind.MD: "text/markdown",
}
