"""Jobs: position, company, place, dates and what was done there."""

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from resume.parsing import entries
from resume.parsing.provenance import GUESS, LIKELY, SURE, SourcedTree, Span, joined, part
from resume.text import dates, lexicon
from resume.text.lines import Line


@dataclass
class Named:
    """What the head of an entry says, as it is found."""

    position: Span | None = None
    company: Span | None = None
    place: Span | None = None
    rest: list[Span] = field(default_factory=list)
    when: dict[str, SourcedTree] = field(default_factory=dict)


LABELS = re.compile(
    r"^(?:(?P<company>company|employer|organi[sz]ation)(?:\sname)?|(?P<position>position|job\stitle|title|designation|role)"
    r"|(?:duration|period|dates?|from)|(?:key\s)?(?:responsibilities|achievements|duties))\s*:\s*",
    re.IGNORECASE,
)

OWN_ACCOUNT = re.compile(r"\b(?:freelanc|self-employed|independent|volunteer)", re.IGNORECASE)


def _when(text: str) -> dates.DateRange | None:
    """Return a stretch of time, or a date that stands by itself."""
    return dates.find(text, single=False) or dates.alone(text)


def features(line: Line) -> frozenset[str]:
    """Return which of `date`, `company` and `position` a line tells: a date by its look, the others by a label."""
    if line.bullet:
        return frozenset()
    label = LABELS.match(line.text)
    named = {key for key, text in label.groupdict().items() if text} if label else set()
    return frozenset(named | {"date"} if _when(line.text) else named)


def when(line: Line, date_range: dates.DateRange) -> dict[str, SourcedTree]:
    """Return start and end as spans of the line."""
    tree: dict[str, SourcedTree] = {}
    if date_range.start:
        tree["startDate"] = part(line, date_range.start_text, SURE, date_range.start)
    if date_range.end:
        tree["endDate"] = part(line, date_range.end_text, SURE, date_range.end)
    return tree


def _at_comma(line: Line, text: str, named: Named) -> bool:
    """Part `Engineer, Acme, Berlin` at its commas; return False where that says nothing."""
    first, comma, rest = text.partition(", ")
    if not comma:
        return False
    if lexicon.LEGAL_FORM.match(rest):
        form, _, rest = rest.partition(", ")
        first = f"{first}, {form}"
    titled, rest_titled = lexicon.TITLE.search(first), lexicon.TITLE.search(rest)
    if rest_titled and not titled and named.position is None:
        named.company = named.company or part(line, first, LIKELY)
        named.position = part(line, rest, LIKELY)
        return True
    if titled and named.company is None and not lexicon.LEGAL_FORM.match(rest):
        named.position = part(line, first, LIKELY)
        return _company(line, rest, named, positioned=True)
    return not titled and _company(line, text, named)


def _company(line: Line, text: str, named: Named, *, positioned: bool = False) -> bool:
    """Take `Acme, Berlin, Germany` apart: a place may follow the name.

    A city we don't know is taken for one behind a company's legal form, or where `positioned` tells that the
    position stands in front: `Manager, Acme, Paris`.
    """
    if named.company is not None:
        return False
    cut = text.find(", ")
    while cut > 0:
        place = text[cut + 2 :]
        if lexicon.is_place(place):
            named.company = part(line, text[:cut], LIKELY)
            named.place = named.place or part(line, place, LIKELY)
            return True
        cut = text.find(", ", cut + 1)
    firm, comma, place = text.rpartition(", ")
    known = comma and not lexicon.LEGAL_FORM.match(place)
    if known and (lexicon.LEGAL_END.search(firm) or positioned) and lexicon.CITY_ALONE.match(place):
        named.place = named.place or part(line, place, GUESS)
        text = firm
    named.company = part(line, text, LIKELY)
    return True


def _name(line: Line, text: str, named: Named) -> None:
    if lexicon.is_place(text) and named.place is None:
        named.place = part(line, text, LIKELY)
    elif lexicon.TITLE.search(text) and named.position is None:
        named.position = part(line, text, LIKELY)
    elif not dates.LENGTH_ALONE.match(text):
        named.rest.append(part(line, text, GUESS))


def _labelled(line: Line, text: str, named: Named) -> str:
    """Take what a label says the line is; return what remains to be told apart."""
    label = LABELS.match(text)
    if label is None:
        return text
    value = text[label.end() :]
    for key in ("company", "position"):
        if label[key] and value and getattr(named, key) is None:
            setattr(named, key, part(line, value, SURE))
            return ""
    return value


def _read_head(head: list[Line]) -> Named:
    named = Named()
    for line in head:
        text = _labelled(line, line.text, named)
        if not named.when and (date_range := _when(text)):
            named.when = when(line, date_range)
            if date_range.current:
                named.when["current"] = True
            text = dates.without(text, date_range)
        text = lexicon.URL.sub("\t", text) if "://" in text else text
        for piece in lexicon.pieces(lexicon.EMPLOYER.sub("\t", text)):
            _name(line, piece, named)
    by_number = {line.number: line for line in head}
    _settle(named, by_number)
    return named


def _settle(named: Named, by_number: dict[int, Line]) -> None:
    """Decide what the pieces without a mark of their own are: the company first, then a position, then a city."""
    for span in sorted(named.rest, key=lambda span: not _is_a_company(span.text)):
        line = by_number[span.lines[0]]
        if lexicon.TERMS_OF_WORK.match(span.text):
            continue
        if named.company is None and (_at_comma(line, span.text, named) or _company(line, span.text, named)):
            named.rest.remove(span)
        elif named.position is None:
            named.position = span
            named.rest.remove(span)
        elif named.place is None and _may_be_a_city(span.text):
            named.place = span
            named.rest.remove(span)
    if named.company is None and named.position is not None:
        span, named.position = named.position, None
        if not _at_comma(by_number[span.lines[0]], span.text, named):
            named.position = span


def _is_a_company(text: str) -> bool:
    """Return True for a name with a legal form, or with a place behind it."""
    ends = [text[cut.end() :] for cut in re.finditer(r",\s", text)]
    return lexicon.LEGAL_END.search(text) is not None or any(lexicon.is_place(end) for end in ends)


def _may_be_a_city(text: str) -> bool:
    return lexicon.CITY_ALONE.match(text) is not None and not lexicon.PART_OF_A_FIRM.search(text)


def _entry(entry: entries.Entry) -> dict[str, SourcedTree]:
    named = _read_head(entry.head)
    parts = {"name": named.company, "position": named.position, "location": named.place}
    tree: dict[str, SourcedTree] = {key: span for key, span in parts.items() if span is not None}
    tree |= named.when
    prose = [item for item in entry.body if not item[0].bullet]
    bullets = [item for item in entry.body if item[0].bullet]
    head_rest = list(named.rest)
    if bullets and prose:
        tree["summary"] = joined([line for item in prose for line in item], LIKELY)
    tree["highlights"] = [*head_rest, *(joined(item, SURE) for item in (bullets or prose))]
    return tree


def read(lines: list[Line]) -> list[SourcedTree]:
    """Return the jobs of a section, in the order they stand in.

    Several positions below one company's name all get that name, but for those on one's own account.
    """
    jobs = [_entry(entry) for entry in entries.group(lines, features)]
    kept: list[SourcedTree] = []
    umbrella: SourcedTree | None = None
    for job, following in zip_longest(jobs, jobs[1:]):
        names_only = "name" in job and "position" not in job and not job["highlights"]
        if names_only and following and "position" in following and "name" not in following:
            umbrella = job["name"]
            continue
        position = job.get("position")
        if "name" in job:
            umbrella = job["name"]
        elif umbrella is not None and not (isinstance(position, Span) and OWN_ACCOUNT.search(position.text)):
            job["name"] = umbrella
        kept.append(job)
    return kept
