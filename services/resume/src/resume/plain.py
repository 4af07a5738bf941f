"""Reads text and Markdown, in whatever encoding editors commonly write."""

import re

from resume.page_text import DocumentText

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
HEADING = re.compile(r"^(#{1,6})\s+(.{1,200}?)\s*#*$")
LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\((?:mailto:|tel:)?([^()\s]{1,500})\)")
EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3}|`)(?=\S)([^*`]{1,500}?)(?<=\S)\1(?!\w)")
RULE = re.compile(r"^\s*(?:[-*_=~#]\s*){3,}$")
AUTOLINK = re.compile(r"<(?:mailto:|tel:)?([^<>\s]{3,500}[.@/:][^<>\s]{1,500})>")
QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?\s*)?$")
COMMENT = re.compile(r"<!--((?:(?!<!--|-->).){0,5000})-->", re.DOTALL)
FRONT_MATTER = re.compile(r"^---[ \t]*\r?\n(.{0,20000}?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^\s*(?:-\s+)?([\w-]{1,40}):[ \t]*(.*?)\s*$")
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


def _without_links(text: str) -> str:
    def spoken(link: re.Match[str]) -> str:
        label, target = link.groups()
        return label if target.endswith(label) else f"{label} {target}"

    return LINK.sub(spoken, text)


def read_text(data: bytes) -> DocumentText:
    """Return the text of a plain text file."""
    document = DocumentText("text")
    for line in decode(data).splitlines():
        if not RULE.match(line[:200]):
            document.add(line, 1, left=float(len(line) - len(line.lstrip())))
    return document


def _front_matter(text: str, document: DocumentText) -> str:
    """Read what stands before the text as `name: value`, and return the text behind it."""
    front = FRONT_MATTER.match(text)
    if front is None:
        return text
    for line in front[1].splitlines():
        entry = ENTRY.match(line)
        document.add(f"{entry[1]}: {entry[2].strip(QUOTES)}" if entry else line, 1)
    return text[front.end() :]


def _row(line: str) -> str:
    """Return the cells of a table's row side by side."""
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    return "\t".join(cell.strip() for cell in cells)


def read_markdown(data: bytes) -> DocumentText:
    """Return the text of a Markdown file, without its marks."""
    document = DocumentText("markdown")
    text = _front_matter(decode(data), document)
    for comment in COMMENT.findall(text):
        document.hide(comment)
    for raw in COMMENT.sub("", text).splitlines():
        line = QUOTE.sub("", raw[:2000]).rstrip("\\").rstrip()
        heading = HEADING.match(line)
        if RULE.match(line) or TABLE_RULE.match(line):
            continue
        text = _row(line) if line.lstrip().startswith("|") else line
        text = EMPHASIS.sub(r"\2", AUTOLINK.sub(r"\1", _without_links(heading[2] if heading else text)))
        level = len(heading[1]) if heading else 0
        left = float(len(line) - len(line.lstrip()))
        document.add(text, 1, left=left, heading=0 < level <= SECTION_LEVEL)
    return document
