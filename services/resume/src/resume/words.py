"""Words by which rules tell titles, places and schools apart, and how people separate what stands on one line."""

import re

TITLE = re.compile(
    r"\b(?:engineer|developer|programmer|architect|manager|head|director|officer|analyst|scientist|consultant|"
    r"designer|administrator|admin|intern|internship|specialist|coordinator|associate|assistant|technician|tester|sre|"
    r"devops|cto|ceo|cfo|coo|cio|vp|president|founder|co-founder|owner|researcher|teacher|professor|lecturer|writer|"
    r"editor|accountant|nurse|representative|executive|supervisor|trainee|apprentice|student|contractor|freelancer|"
    r"freelance|strategist|producer|recruiter|advisor|adviser|fellow|partner|attorney|lawyer|clerk|operator|planner|"
    r"buyer|marketer|lead|leader|chief|mentor|tutor|instructor|evangelist|advocate|maintainer|qa|dba|sdet|swe|"
    r"werkstudent|entwickler|leiter|physician|pharmacist|therapist|cashier|chef|driver|secretary|principal)\b",
    re.IGNORECASE,
)
SCHOOL = re.compile(
    r"\b(?:universit\w{1,6}|college|institute|school|academy|hochschule|fachhochschule|polytechnic\w{0,3}|faculty|"
    r"bootcamp|eth|mit|epfl|tu|ucla|caltech|iit|école|ecole|politecnico|gymnasium|lyc[ée]e)\b",
    re.IGNORECASE,
)
DEGREE = re.compile(
    r"(?<![\w.])(?:ph\.?\s?d\.?|d\.?phil\.?|m\.?\s?sc\.?|b\.?\s?sc\.?|m\.?b\.?a\.?|m\.?eng\.?|b\.?eng\.?|b\.?tech\.?|"
    r"m\.?tech\.?|b\.s\.|m\.s\.|b\.a\.|m\.a\.|bba|bca|mca|a\.s\.|a\.a\.|"
    r"(?-i:BS|MS|BA|MA)(?=\s\S)|(?<!,\s)(?-i:BS|MS|BA|MA)$|(?:bachelor|master|doctor|associate)(?:['’]?s)?(?:\sof\s(?:applied\s)?(?:science|arts|engineering|philosophy|"
    r"business\sadministration|technology|laws|fine\sarts|education|commerce|computer\sapplications))?"
    r"(?:\sdegree)?|doctorate|diploma|diplom|high\sschool\sdiploma|abitur|ged|a[\s-]levels?|minor|"
    r"certificate)(?![\w])(?:\s?\((?:hons|honours)\.?\))?",
    re.IGNORECASE,
)
COUNTRIES = (
    "usa|us|united states|uk|united kingdom|england|scotland|wales|ireland|germany|deutschland|france|spain|italy|"
    "portugal|netherlands|the netherlands|belgium|austria|switzerland|sweden|norway|denmark|finland|poland|"
    "czechia|czech republic|slovakia|hungary|romania|bulgaria|greece|turkey|ukraine|estonia|latvia|lithuania|"
    "serbia|croatia|slovenia|canada|mexico|brazil|argentina|chile|colombia|peru|india|pakistan|bangladesh|china|"
    "hong kong|taiwan|japan|south korea|korea|singapore|malaysia|indonesia|philippines|thailand|vietnam|australia|"
    "new zealand|south africa|nigeria|kenya|egypt|ghana|morocco|israel|uae|united arab emirates|saudi arabia|"
    "california|texas|new york|washington|oregon|florida|illinois|massachusetts|colorado|georgia|virginia|ontario|"
    "quebec|british columbia|bavaria|remote"
)
PROSE_FROM = 60
WORD = r"[A-ZÀ-ÖØ-Þ][\w.’'-]{0,30}"
PLACE = re.compile(
    rf"^(?:{WORD}(?:[ -](?:{WORD}|de|la|am|of|upon|an|der)){{0,3}}),\s"
    rf"(?:[A-Z]{{2,3}}(?:\s\d{{5}}(?:-\d{{4}})?)?|(?i:{COUNTRIES}))(?:,\s(?i:{COUNTRIES}))?"
    r"(?:\s\((?i:remote|hybrid)\))?$"
)
ANYWHERE = re.compile(rf"^(?:remote|hybrid|on-?site|worldwide|{COUNTRIES})$", re.IGNORECASE)
LEGAL_FORM = re.compile(r"^(?:inc|llc|ltd|gmbh|co|corp|plc|s\.?a|ag|llp|pvt|limited)\b\.?", re.IGNORECASE)
SEPARATOR = re.compile(r"\t|\s+[|•·●∙◦⋅/]\s+|\s*[|•·]\s*|\s+[–—-]\s+")
EMPLOYER = re.compile(r"\s+@\s+|\s+at\s+(?=[A-Z0-9])")
URL = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?:www\.)?(?:[A-Za-z0-9-]{1,63}\.){1,4}"
    r"(?:com|org|net|io|dev|me|app|ai|co|tech|xyz|info|page|site|blog|eu|de|uk|fr|es|it|nl|ch|at|pl|se|ca|us|in|au|example)"
    r"(?![\w@.-]{1,64}@)(?:/[^\s|,;<>()]{0,200})?(?![\w@])"
)


def is_place(text: str) -> bool:
    """Return True where the text is a place: `Portland, OR`, `Berlin, Germany`, `Remote`."""
    return len(text) <= 80 and (PLACE.match(text) is not None or ANYWHERE.match(text) is not None)


def pieces(text: str) -> list[str]:
    """Return what stands side by side on one line, at its strong separators (not commas)."""
    return [piece for each in SEPARATOR.split(text) if (piece := each.strip(" ,;|·•–—-()"))]


def items(text: str) -> list[str]:
    """Return the members of a list on one line; separators inside brackets do not count."""
    found: list[str] = []
    depth = start = 0
    for index, char in enumerate(text):
        depth = max(depth + (char in "([") - (char in ")]"), 0)
        if depth == 0 and char in ",;|•·●\t":
            found.append(text[start:index])
            start = index + 1
    found.append(text[start:])
    return [item for each in found if (item := each.strip().rstrip(".").strip())]
