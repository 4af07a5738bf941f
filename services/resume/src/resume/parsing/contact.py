"""Who the person is and how to reach them: what stands above the first heading."""

import re

from resume.parsing.provenance import GUESS, LIKELY, SURE, SourcedTree, Span, joined, part
from resume.text import dates, lexicon
from resume.text.headings import kind_of
from resume.text.lines import Line

EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w@])")
PHONE = re.compile(r"(?<![\w@/.])(?:\+|\(|\d)[\d\s().\-–/]{6,22}\d(?![\w@])")
LABELLED = re.compile(
    r"^(?:e-?mail|phone|mobile|cell|home|tel(?:ephone)?|address|location|website|web|linkedin|github|portfolio|city|"
    r"based in)\s*[:.]?\s+|^(?:(?:full\s)?name|author|title|e-?mail|phone|mobile|cell|home|tel(?:ephone)?|address|"
    r"location|website|web|linkedin|github|portfolio)\s*:\s*",
    re.IGNORECASE,
)
PLACE_LABEL = re.compile(r"^(?:address|location|city|based in)\s*[:.]?\s+(.{2,80})$", re.IGNORECASE)
NETWORKS = re.compile(
    r"(linkedin|github|gitlab|bitbucket|stackoverflow|twitter|x|medium|kaggle|behance|dribbble|xing)\.com/"
    r"(?:in/|users/(?:\d+/)?|@|profile/)?([\w.-]{1,100})/?",
    re.IGNORECASE,
)
NAME = re.compile(r"^[^\W\d_][\w.’'-]*(?:\s[^\W\d_][\w.’'-]*){1,4}$")
PARTICLES = frozenset(
    ("de", "da", "do", "di", "del", "della", "van", "von", "der", "den", "bin", "ibn", "al", "el", "la", "y")
)
TITLES_OF_DOCUMENT = re.compile(
    r"^(?:curriculum vitae|cv|r[ée]sum[ée]|lebenslauf)\b\s*[:–—-]?\s*", re.IGNORECASE
)
CREDENTIAL = re.compile(r",\s(?:M\.?D|D\.?O|P\.?A|Ph\.?D|R\.?N|Esq|Jr|Sr|I{2,3})\.?$")
DAY = re.compile(
    r"(?<!\d)(?:(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2})(?!\d)"
)
DIGITS_OF_A_PHONE = range(7, 16)
NAME_WITHIN_LINES = 6


def _phone(line: Line) -> Span | None:
    for match in PHONE.finditer(line.text):
        digits = sum(char.isdigit() for char in match[0])
        a_date = DAY.search(match[0]) or dates.find(match[0], single=False)
        if digits in DIGITS_OF_A_PHONE and not a_date:
            return part(line, match[0], SURE)
    return None


def _links(line: Line) -> tuple[list[SourcedTree], list[Span]]:
    profiles: list[SourcedTree] = []
    urls: list[Span] = []
    for match in lexicon.URL.finditer(EMAIL.sub(" ", line.text)):
        url = match[0].rstrip(".,;")
        if network := NETWORKS.search(url):
            name, user = network.groups()
            profiles.append(
                {
                    "network": part(line, name, SURE),
                    "username": part(line, user, SURE),
                    "url": part(line, url, SURE),
                }
            )
        else:
            urls.append(part(line, url, SURE))
    return profiles, urls


def _pieces(line: Line) -> list[str]:
    """Return what stands on a line besides addresses and numbers."""
    text = EMAIL.sub("\t", line.text)
    text = lexicon.URL.sub("\t", text)
    if number := _phone(line):
        text = text.replace(number.text, "\t")
    return lexicon.pieces(text)


def _remainders(line: Line) -> list[str]:
    """Return the pieces of a line that are neither address nor number, without their labels."""
    pieces = [LABELLED.sub("", piece).strip() for piece in _pieces(line)]
    return [piece for piece in pieces if any(char.isalpha() for char in piece)]


def _place(line: Line, name: str) -> dict[str, SourcedTree] | None:
    """Return the place a line tells: the whole of it, and city and region where it ends with a known place."""
    if labelled := PLACE_LABEL.match(line.text):
        pieces = lexicon.pieces(labelled[1])
        return _location(line, pieces[0] if pieces else labelled[1], SURE)
    for piece in _pieces(line):
        candidate = LABELLED.sub("", piece)
        if (name and candidate.startswith(name)) or lexicon.SCHOOL.search(candidate):
            continue
        postal = any(char.isdigit() for char in candidate) and len(candidate) <= 120
        if lexicon.is_place(candidate) or (postal and _known_end(candidate)):
            return _location(line, candidate, LIKELY)
    return None


def _known_end(text: str) -> str | None:
    """Return the place a postal address ends with: `Springfield, IL` of `12 Main St, Springfield, IL`."""
    ends = [text[cut.end() :] for cut in re.finditer(r",\s", text[:200])]
    return next((end for end in [text, *ends] if ", " in end and lexicon.is_place(end)), None)


def _location(line: Line, text: str, confidence: float) -> dict[str, SourcedTree]:
    tree: dict[str, SourcedTree] = {"address": part(line, text, confidence)}
    if end := _known_end(text):
        city, _, region = end.partition(", ")
        city = re.sub(rf"^{lexicon.POSTCODE}\s", "", city)
        tree |= {"city": part(line, city, confidence), "region": part(line, region, confidence)}
    return tree


def _is_name(text: str) -> bool:
    """Return True for two to five words that begin like a name does."""
    return NAME.match(text) is not None and all(
        word[0].isupper() or not word[0].islower() or word in PARTICLES for word in text.split()
    )


def _can_be_a_name(text: str, first: bool) -> bool:
    plain = text.split(", ")[0]
    place = lexicon.is_place(text) and not (first and CREDENTIAL.search(text))
    return _is_name(plain) and not lexicon.TITLE.search(plain) and not place and kind_of(plain) is None


def _name_in_two_lines(lines: list[Line]) -> Span | None:
    """Return a name of which large letters left one word on each of the first lines."""
    first = lines[:2]
    alone = [line.text for line in first if line.text.isalpha() and line.text[:1].isupper()]
    together = " ".join(alone)
    return joined(first, LIKELY) if len(alone) == 2 and _can_be_a_name(together, first=True) else None


def _name_and_label(lines: list[Line], tree: dict[str, SourcedTree]) -> None:
    if name := _name_in_two_lines(lines):
        tree["name"] = name
    for line in lines[:NAME_WITHIN_LINES]:
        for position, piece in enumerate(_remainders(line)):
            text = TITLES_OF_DOCUMENT.sub("", piece)
            if "name" not in tree:
                if _can_be_a_name(text, first=line is lines[0]):
                    tree["name"] = part(line, text.split(", ")[0], SURE if position == 0 else LIKELY)
            elif "label" not in tree and lexicon.TITLE.search(text) and not _is_sentence(text):
                tree["label"] = part(line, text, LIKELY)


def _is_sentence(text: str) -> bool:
    return len(text) > 100 or (text.endswith(".") and len(text.split()) > 6)


def _tells(line: Line) -> bool:
    """Return True for a line that reads like prose about the person."""
    return (
        len(line.text) > lexicon.PROSE_FROM
        and not line.bullet
        and not EMAIL.search(line.text)
        and not dates.find(line.text, single=False)
    )


def read(lines: list[Line]) -> tuple[dict[str, SourcedTree], list[Line]]:
    """Return the person's basics, and the lines that say something else (a summary without a heading, often)."""
    tree: dict[str, SourcedTree] = {}
    profiles: list[SourcedTree] = []
    _name_and_label(lines, tree)
    name = tree.get("name")
    for line in lines:
        if "email" not in tree and (email := EMAIL.search(line.text)):
            tree["email"] = part(line, email[0], SURE)
        if "phone" not in tree and (phone := _phone(line)):
            tree["phone"] = phone
        if "location" not in tree and (place := _place(line, name.value if isinstance(name, Span) else "")):
            tree["location"] = place
        links, urls = _links(line)
        profiles += links
        if urls and "url" not in tree:
            tree["url"] = urls[0]
    if profiles:
        tree["profiles"] = profiles
    return tree, [line for line in lines if _tells(line)]


def summary(lines: list[Line], *, under_heading: bool) -> Span | None:
    """Return the lines as the person's summary."""
    return joined(lines, LIKELY if under_heading else GUESS) if lines else None


def anywhere(lines: list[Line]) -> dict[str, SourcedTree]:
    """Return an e-mail address from any line, for a résumé that keeps it elsewhere."""
    for line in lines:
        if email := EMAIL.search(line.text):
            return {"email": part(line, email[0], LIKELY)}
    return {}
