"""Reads text and Markdown, in whatever encoding editors commonly write."""

import re

from resume.extraction.document import MAX_CHARACTERS, DocumentText

MAX_RAW_CHARACTERS = 5 * MAX_CHARACTERS  # blanks and marks, too, of which nothing is kept
MAX_RAW_LINE = 2_000
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
HEADING = re.compile(r"^(#{1,6})\s+(\S.*)$")
MAX_HEADING = 200
LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\((?:mailto:|tel:)?([^()\s]{1,500})\)")
EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3}|`)(?=\S)([^*`]{1,500}?)(?<=\S)\1(?!\w)")
RULE = re.compile(r"^\s*(?:[-*_=~#]\s*){3,}$")
AUTOLINK = re.compile(r"<(?:mailto:|tel:)?([^<>\s]{3,500}[.@/:][^<>\s]{1,500})>")
QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
TABLE_RULE = re.compile(r"^(?:\s*\|)?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?\s*)?$")
COMMENT = re.compile(r"<!--((?:(?!<!--|-->).){0,5000})-->", re.DOTALL)
FRONT_MATTER = re.compile(r"^---[ \t]*\r?\n(.{0,20000}?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^\s*(?:-\s+)?([\w-]{1,40}):(.*)$")
QUOTES = "\"'"
SECTION_LEVEL = 2


def decode(data: bytes) -> str:
    """Return the text of the bytes: UTF-8, UTF-16 with its mark, else the Western encoding of Windows."""
    if data.startswith(UTF16_MARKS):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _beginning(data: bytes, document: DocumentText) -> str:
    """Return as much of the text as is looked at."""
    text = decode(data)
    if len(text) > MAX_RAW_CHARACTERS:
        document.warn(f"Only the first {MAX_RAW_CHARACTERS:,} characters were looked at, blanks among them.")
    return text[:MAX_RAW_CHARACTERS]


def _without_links(text: str) -> str:
    def spoken(link: re.Match[str]) -> str:
        label, target = link.groups()
        return label if target.endswith(label) else f"{label} {target}"

    return LINK.sub(spoken, text)


def read_text(data: bytes) -> DocumentText:
    """Return the text of a plain text file."""
    document = DocumentText("text")
    for line in _beginning(data, document).splitlines():
        if document.full:
            document.warn_of_the_rest()
            break
        if line.strip() and not RULE.match(line[:200]):
            document.add(line, 1, left=float(len(line) - len(line.lstrip())))
    return document


def _front_matter(text: str, document: DocumentText) -> str:
    """Read what stands before the text as `name: value`, and return the text behind it."""
    front = FRONT_MATTER.match(text)
    if front is None:
        return text
    for line in front[1].splitlines():
        entry = ENTRY.match(line[:MAX_RAW_LINE])
        document.add(f"{entry[1]}: {entry[2].strip().strip(QUOTES)}" if entry else line, 1)
    return text[front.end() :]


def _row(line: str) -> str:
    """Return the cells of a table's row side by side."""
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    return "\t".join(cell.strip() for cell in cells)


def _heading(line: str) -> tuple[int, str]:
    """Return the level of a heading and its text without marks; 0 and the line itself where it is none."""
    heading = HEADING.match(line)
    text = heading[2].rstrip("#").rstrip() if heading else ""
    return (len(heading[1]), text) if heading and 0 < len(text) <= MAX_HEADING else (0, line)


def read_markdown(data: bytes) -> DocumentText:
    """Return the text of a Markdown file, without its marks."""
    document = DocumentText("markdown")
    text = _front_matter(_beginning(data, document), document)
    for comment in COMMENT.findall(text):
        document.hide(comment)
    for raw in COMMENT.sub("", text).splitlines():
        if document.full:
            document.warn_of_the_rest()
            break
        line = QUOTE.sub("", raw[:MAX_RAW_LINE]).rstrip("\\").rstrip()
        if not line or RULE.match(line) or TABLE_RULE.match(line):
            continue
        level, shown = _heading(line)
        if line.lstrip().startswith("|"):
            shown = _row(line)
        text = EMPHASIS.sub(r"\2", AUTOLINK.sub(r"\1", _without_links(shown)))
        left = float(len(line) - len(line.lstrip()))
        document.add(text, 1, left=left, heading=0 < level <= SECTION_LEVEL)
    return document
