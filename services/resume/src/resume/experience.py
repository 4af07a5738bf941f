"""Jobs: position, company, place, dates and what was done there."""

from dataclasses import dataclass, field
from itertools import zip_longest

from resume import dates, entries, words
from resume.lines import Line
from resume.spans import GUESS, LIKELY, SURE, Span, Tree, joined, part


@dataclass
class Named:
    """What the head of an entry says, as it is found."""

    position: Span | None = None
    company: Span | None = None
    place: Span | None = None
    rest: list[Span] = field(default_factory=list)
    when: dict[str, Tree] = field(default_factory=dict)


def features(line: Line) -> frozenset[str]:
    """Return `date` for a line that holds a stretch of time."""
    return frozenset({"date"}) if not line.bullet and dates.find(line.text, single=False) else frozenset()


def when(line: Line, found: dates.DateRange) -> dict[str, Tree]:
    """Return start and end as spans of the line."""
    tree: dict[str, Tree] = {}
    if found.start:
        tree["startDate"] = part(line, found.start_text, SURE, found.start)
    if found.end:
        tree["endDate"] = part(line, found.end_text, SURE, found.end)
    return tree


def _at_comma(line: Line, text: str, named: Named) -> bool:
    """Part `Engineer, Acme, Berlin` at its commas; return False where that says nothing."""
    first, comma, rest = text.partition(", ")
    if not comma:
        return False
    if words.LEGAL_FORM.match(rest):
        form, _, rest = rest.partition(", ")
        first = f"{first}, {form}"
    titled, rest_titled = words.TITLE.search(first), words.TITLE.search(rest)
    if rest_titled and not titled and named.position is None:
        named.company = named.company or part(line, first, LIKELY)
        named.position = part(line, rest, LIKELY)
        return True
    if titled and named.company is None and not words.LEGAL_FORM.match(rest):
        named.position = part(line, first, LIKELY)
        return _company(line, rest, named)
    return not titled and _company(line, text, named)


def _company(line: Line, text: str, named: Named) -> bool:
    """Take `Acme, Berlin, Germany` apart: a place may follow the name."""
    if named.company is not None:
        return False
    cut = text.find(", ")
    while cut > 0:
        place = text[cut + 2 :]
        if words.is_place(place):
            named.company = part(line, text[:cut], LIKELY)
            named.place = named.place or part(line, place, LIKELY)
            return True
        cut = text.find(", ", cut + 1)
    named.company = part(line, text, LIKELY)
    return True


def _name(line: Line, text: str, named: Named) -> None:
    if words.is_place(text) and named.place is None:
        named.place = part(line, text, LIKELY)
    elif words.TITLE.search(text) and named.position is None:
        named.position = part(line, text, LIKELY)
    else:
        named.rest.append(part(line, text, GUESS))


def _read_head(head: list[Line]) -> Named:
    named = Named()
    for line in head:
        text = line.text
        if not named.when and (found := dates.find(text, single=False)):
            named.when = when(line, found)
            if found.current:
                named.when["current"] = True
            text = dates.without(text, found)
        for piece in words.pieces(words.EMPLOYER.sub("\t", text)):
            _name(line, piece, named)
    by_number = {line.number: line for line in head}
    _settle(named, by_number)
    return named


def _settle(named: Named, by_number: dict[int, Line]) -> None:
    """Decide what the pieces without a mark of their own are: the company first, then a position."""
    for span in list(named.rest):
        line = by_number[span.lines[0]]
        if named.company is None and (_at_comma(line, span.text, named) or _company(line, span.text, named)):
            named.rest.remove(span)
        elif named.position is None:
            named.position = span
            named.rest.remove(span)
    if named.company is None and named.position is not None:
        span, named.position = named.position, None
        if not _at_comma(by_number[span.lines[0]], span.text, named):
            named.position = span


def _entry(entry: entries.Entry) -> dict[str, Tree]:
    named = _read_head(entry.head)
    parts = {"name": named.company, "position": named.position, "location": named.place}
    tree: dict[str, Tree] = {key: span for key, span in parts.items() if span is not None}
    tree |= named.when
    prose = [item for item in entry.body if not item[0].bullet]
    bullets = [item for item in entry.body if item[0].bullet]
    told = list(named.rest)
    if bullets and prose:
        tree["summary"] = joined([line for item in prose for line in item], LIKELY)
    tree["highlights"] = [*told, *(joined(item, SURE) for item in (bullets or prose))]
    return tree


def read(lines: list[Line]) -> list[Tree]:
    """Return the jobs of a section, in the order they stand in.

    Several positions below one company's name all get that name.
    """
    jobs = [_entry(entry) for entry in entries.group(lines, features)]
    kept: list[Tree] = []
    umbrella: Tree | None = None
    for job, following in zip_longest(jobs, jobs[1:]):
        names_only = "name" in job and "position" not in job and not job["highlights"]
        if names_only and following and "position" in following and "name" not in following:
            umbrella = job["name"]
            continue
        if "name" in job:
            umbrella = None
        elif umbrella is not None:
            job["name"] = umbrella
        kept.append(job)
    return kept
