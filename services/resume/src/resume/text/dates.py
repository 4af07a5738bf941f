"""Dates as résumés write them: `Mar 2021 – Present`, `06/2018 - 02/2021`, `2012–2016`, `since 2020`."""

import re
from dataclasses import dataclass

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
YEAR = r"(?:19|20)\d{2}"
DAY = r"(?:\d{1,2}(?:st|nd|rd|th|\.)?\s)?"
POINT = (
    rf"(?:{DAY}{MONTH}\.?(?:\s\d{{1,2}},)?,?\s{YEAR}|{MONTH}\.?\s?['’]\d{{2}}|[0-3]?\d[/.-][0-3]?\d[/.-]{YEAR}"
    rf"|(?:0?[1-9]|1[0-2])\s?[/.]\s?{YEAR}|(?:0[1-9]|1[0-2])-{YEAR}"
    rf"|{YEAR}[-/.](?:0[1-9]|1[0-2])(?:[-/.][0-3]\d)?(?![\d])|(?:spring|summer|fall|autumn|winter|q[1-4])\s{YEAR}|{YEAR})"
)
NOW = r"(?:present|current(?:ly)?|now|today|ongoing|to date|date)"
JOIN = r"\s?(?:-|–|—|−|~|to|until|till|through)\s?"
EDGE = r"(?<![\w./,$€£-])"
LENGTH = r"(?:\d{1,2}\s?(?:years?|yrs?)\.?(?:,?\s\d{1,2}\s?(?:months?|mos?)\.?)?|\d{1,2}\s?(?:months?|mos?)\.?)(?!\w)"
LENGTH_ALONE = re.compile(rf"^{LENGTH}$", re.IGNORECASE)
NOTE = rf"(?:\s?\((?:expected|anticipated|{LENGTH})\)|(?:\s?[·,]\s?|\s){LENGTH})?"
RANGE = re.compile(rf"{EDGE}({POINT}){JOIN}({POINT}|{NOW})(?!\w){NOTE}", re.IGNORECASE)
MONTHS_OF_A_YEAR = re.compile(rf"{EDGE}({MONTH})\.?{JOIN}({MONTH}\.?,?\s{YEAR})(?!\w){NOTE}", re.IGNORECASE)
SHORT_RANGE = re.compile(rf"{EDGE}({YEAR})\s?[-–—/]\s?(\d{{2}})(?![\w/.-])")
SINCE = re.compile(rf"(?:since|from)\s({POINT})(?!\w)|^({YEAR})[–—-](?=\s+[A-Z])", re.IGNORECASE)
EXPECTED = r"(?:\b(?:expected|anticipated)(?:\sgraduation)?(?:\sin)?:?\s)?"
SINGLE = re.compile(rf"{EDGE}{EXPECTED}({POINT})(?![\w%]){NOTE}", re.IGNORECASE)
ALONE = re.compile(
    rf"(?:^|[\t|·•(\[]\s?|\s[–—-]\s|,\s)({EXPECTED}({POINT}){NOTE})(?=\s*(?:$|[\t|·•)\]])|\s[–—-]\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """A stretch of time found in a text. Ends are ISO 8601 (`2021` or `2021-03`); `text` is what was read."""

    start: str | None
    end: str | None
    start_text: str
    end_text: str
    current: bool
    text: str


def iso(point: str) -> str:
    """Return a date as ISO 8601, as precisely as it was written."""
    text = point.lower()
    year = re.search(YEAR, text)
    short = re.search(r"['’](\d{2})", text)
    year_digits = (
        year[0] if year else f"{'20' if short and int(short[1]) < 70 else '19'}{short[1] if short else '00'}"
    )
    named = next((number for number, name in enumerate(MONTHS, 1) if re.search(rf"\b{name}", text)), None)
    month = named or _month_of(text)
    return f"{year_digits}-{month:02d}" if month else year_digits


def _month_of(text: str) -> int | None:
    """Return the month of a date in numbers; None where day and month can't be told apart."""
    if day_first := re.match(r"(\d{1,2})[/.-](\d{1,2})[/.-]", text):
        first, second = int(day_first[1]), int(day_first[2])
        months = [
            month
            for month, day in ((second, first), (first, second))
            if 1 <= month <= 12 and (day == 1 or day > 12 or first == second)
        ]
        return months[0] if months else None
    numbered = re.search(rf"^(\d{{1,2}})\s?[/.-]|{YEAR}[-/.](\d{{2}})", text)
    return int(numbered[1] or numbered[2]) if numbered else None


def find(text: str, *, single: bool = True) -> DateRange | None:
    """Return the first stretch of time in the text; a date alone counts as an end where `single` is set."""
    if span := RANGE.search(text):
        start, end = span.groups()
        current = re.fullmatch(NOW, end, re.IGNORECASE) is not None
        return DateRange(iso(start), None if current else iso(end), start, end, current, span[0])
    if span := MONTHS_OF_A_YEAR.search(text):
        start, end = span.groups()
        year = iso(end)[:4]
        return DateRange(iso(f"{start} {year}"), iso(end), start, end, False, span[0])
    if span := SHORT_RANGE.search(text):
        start, end = span.groups()
        if int(end) >= int(start[2:]):
            return DateRange(start, start[:2] + end, start, end, False, span[0])
    if span := SINCE.search(text):
        since = span[1] or span[2]
        return DateRange(iso(since), None, since, "", True, span[0])
    if single and (span := SINGLE.search(text)):
        return DateRange(None, iso(span[1]), "", span[1], False, span[0])
    return None


def alone(text: str) -> DateRange | None:
    """Return a date that stands by itself, not in the middle of a sentence."""
    span = ALONE.search(text)
    return DateRange(None, iso(span[2]), "", span[2], False, span[1]) if span else None


def without(text: str, date_range: DateRange) -> str:
    """Return the text without the stretch of time and the brackets and separators around it."""
    rest = text.replace(date_range.text, "\t", 1)
    rest = re.sub(r"[(\[]\s*\t\s*[)\]]", "\t", rest)
    return re.sub(r"\s*[,;|·•–—-]?\s*\t\s*[,;|·•–—-]?\s*", "\t", rest).strip()
