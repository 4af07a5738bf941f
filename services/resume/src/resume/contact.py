"""Who the person is and how to reach them: what stands above the first heading."""

import re

from resume import dates, words
from resume.lines import Line
from resume.spans import GUESS, LIKELY, SURE, Span, Tree, joined, part

EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w@])")
PHONE = re.compile(r"(?<![\w@/.])(?:\+|\(|\d)[\d\s().\-–/]{6,22}\d(?![\w@])")
LABELLED = re.compile(
    r"^(?:e-?mail|phone|mobile|tel(?:ephone)?|address|location|website|web|linkedin|github|portfolio|city|based in)"
    r"\s*[:.]?\s+|^(?:e-?mail|phone|mobile|tel(?:ephone)?|address|location|website|web|linkedin|github|portfolio)\s*:",
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
DIGITS_OF_A_PHONE = range(7, 16)
NAME_WITHIN_LINES = 6


def _phone(line: Line) -> Span | None:
    for found in PHONE.finditer(line.text):
        digits = sum(char.isdigit() for char in found[0])
        if digits in DIGITS_OF_A_PHONE and not dates.find(found[0], single=False):
            return part(line, found[0], SURE)
    return None


def _links(line: Line) -> tuple[list[Tree], list[Span]]:
    profiles: list[Tree] = []
    urls: list[Span] = []
    for found in words.URL.finditer(EMAIL.sub(" ", line.text)):
        url = found[0].rstrip(".,;")
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


def _remainders(line: Line) -> list[str]:
    """Return the pieces of a line that are neither address nor number."""
    text = EMAIL.sub("\t", line.text)
    text = words.URL.sub("\t", text)
    if number := _phone(line):
        text = text.replace(number.text, "\t")
    pieces = [LABELLED.sub("", piece).strip() for piece in words.pieces(text)]
    return [piece for piece in pieces if any(char.isalpha() for char in piece)]


def _place(line: Line) -> Span | None:
    if labelled := PLACE_LABEL.match(line.text):
        return part(line, words.pieces(labelled[1])[0] if words.pieces(labelled[1]) else labelled[1], SURE)
    for piece in re.split(r"[|•·●\t;]|\s[–—-]\s", line.text):
        candidate = LABELLED.sub("", piece.strip())
        if words.is_place(candidate):
            return part(line, candidate, LIKELY)
    return None


def _location(place: Span, line: Line) -> dict[str, Tree]:
    tree: dict[str, Tree] = {"address": place}
    city, _, region = place.text.partition(", ")
    if region and words.is_place(place.text):
        tree |= {"city": part(line, city, place.confidence), "region": part(line, region, place.confidence)}
    return tree


def _is_name(text: str) -> bool:
    """Return True for two to five words that begin like a name does."""
    return NAME.match(text) is not None and all(
        word[0].isupper() or not word[0].islower() or word in PARTICLES for word in text.split()
    )


def _name_and_label(lines: list[Line], tree: dict[str, Tree]) -> None:
    for line in lines[:NAME_WITHIN_LINES]:
        for position, piece in enumerate(_remainders(line)):
            text = TITLES_OF_DOCUMENT.sub("", piece)
            plain = text.split(", ")[0]
            if "name" not in tree:
                if _is_name(plain) and not words.TITLE.search(plain) and not words.is_place(text):
                    tree["name"] = part(line, plain, SURE if position == 0 else LIKELY)
            elif "label" not in tree and words.TITLE.search(text) and len(text) <= 100:
                tree["label"] = part(line, text, LIKELY)


def read(lines: list[Line]) -> tuple[dict[str, Tree], list[Line]]:
    """Return the person's basics, and the lines that say something else (a summary without a heading, often)."""
    tree: dict[str, Tree] = {}
    profiles: list[Tree] = []
    for line in lines:
        if "email" not in tree and (email := EMAIL.search(line.text)):
            tree["email"] = part(line, email[0], SURE)
        if "phone" not in tree and (phone := _phone(line)):
            tree["phone"] = phone
        if "location" not in tree and (place := _place(line)):
            tree["location"] = _location(place, line)
        found, urls = _links(line)
        profiles += found
        if urls and "url" not in tree:
            tree["url"] = urls[0]
    _name_and_label(lines, tree)
    if profiles:
        tree["profiles"] = profiles
    return tree, [line for line in lines if len(line.text) > words.PROSE_FROM and not EMAIL.search(line.text)]


def summary(lines: list[Line], *, under_heading: bool) -> Span | None:
    """Return the lines as the person's summary."""
    return joined(lines, LIKELY if under_heading else GUESS) if lines else None


def anywhere(lines: list[Line]) -> dict[str, Tree]:
    """Return an e-mail address from any line, for a résumé that keeps it elsewhere."""
    for line in lines:
        if email := EMAIL.search(line.text):
            return {"email": part(line, email[0], LIKELY)}
    return {}
