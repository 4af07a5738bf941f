"""Words by which rules tell titles, places and schools apart, and how people separate what stands on one line."""

import re

TITLE = re.compile(
    r"\b(?:engineer|developer|programmer|architect|manager|head|director|officer|analyst|scientist|consultant|"
    r"designer|administrator|admin|intern|internship|specialist|coordinator|associate|assistant|technician|tester|sre|"
    r"devops|cto|ceo|cfo|coo|cio|vp|president|founder|co-founder|owner|researcher|teacher|professor|lecturer|writer|"
    r"editor|accountant|nurse|representative|executive|supervisor|trainee|apprentice|student|contractor|freelancer|"
    r"freelance|strategist|producer|recruiter|advisor|adviser|fellow|partner|attorney|lawyer|clerk|operator|planner|"
    r"buyer|marketer|lead|leader|chief|mentor|tutor|instructor|evangelist|advocate|maintainer|qa|dba|sdet|swe|"
    r"werkstudent|entwickler|leiter|physician|pharmacist|therapist|cashier|chef|driver|secretary|principal|"
    r"bookkeeper|auditor|controller|treasurer|paralegal|journalist|reporter|photographer|illustrator|animator|artist|"
    r"translator|interpreter|librarian|economist|statistician|mathematician|physicist|chemist|biologist|psychologist|"
    r"surgeon|dentist|veterinarian|paramedic|midwife|caregiver|nanny|receptionist|concierge|barista|bartender|waiter|"
    r"waitress|cook|baker|carpenter|electrician|plumber|welder|mechanic|machinist|labou?rer|foreman|inspector|surveyor|"
    r"neurosurgeon|attending|resident|dispatcher|merchandiser|stylist|trainer|coach|counsell?or|volunteer|postdoc\w{0,6}|banker|broker|trader|agent|"
    r"pilot|captain|sergeant|lieutenant|admiral|superintendent|adjunct|scrum\smaster|salesperson|guard|maker)\b",
    re.IGNORECASE,
)
SCHOOL = re.compile(
    r"\b(?:universi[td]\w{1,6}|college|institute|school|academy|hochschule|fachhochschule|polytechnic\w{0,3}|faculty|"
    r"bootcamp|eth|mit|epfl|tu|ucla|caltech|iit|école|ecole|politecnico|gymnasium|lyc[ée]e)\b",
    re.IGNORECASE,
)
DEGREE = re.compile(
    r"(?<![\w.])(?:ph\.?\s?d\.?|d\.?phil\.?|m\.?\s?sc\.?|b\.?\s?sc\.?|m\.?b\.?a\.?|m\.?eng\.?|b\.?eng\.?|b\.?tech\.?|"
    r"m\.?tech\.?|b\.s\.|m\.s\.|b\.a\.|m\.a\.|bba|bca|mca|a\.s\.|a\.a\.|b\.?\s?comm?\.?|m\.?\s?com\.?|"
    r"ll\.?\s?[bm]\.?|bsn|msn|mph|mpa|bfa|mfa|b\.?ed\.?|m\.?ed\.?|m\.?phil\.?|dba|j\.d\.|m\.d\.|hnd|btec|aas|"
    r"^(?-i:BS|MS|BA|MA|JD|MD)(?=,)|(?-i:BS|MS|BA|MA|BE)(?=\s\S)|(?<!,\s)(?-i:BS|MS|BA|MA)$|(?:bachelor|master|doctor|associate)(?:['’]?s)?(?:\sof\s(?:applied\s)?(?:science|arts|engineering|philosophy|"
    r"business\sadministration|technology|laws|fine\sarts|education|commerce|computer\sapplications)"
    r"|\sof\s(?-i:[A-Z][a-z]{2,20})(?:\s(?-i:[A-Z][a-z]{2,20}))?(?=(?:\s\((?:hons|honours)\.?\))?\sin\s))?"
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
STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT|NSW|VIC|QLD|TAS|ACT|"
    "SP|RJ|MG|BW|NRW|DF|CDMX|UK|EU|NZ|MX|BR|AE|SG|HK|JP|CN|KR|CH|AT|NI|IE|ES|FR|PL|SE|NO|DK|FI|BE|PT|RO|GR|TR|UA|ZA|NG|KE|"
    "GB|USA|UAE|GBR|DEU|CAN|IND"
)
PROSE_FROM = 60
WORD = r"[A-ZÀ-ÖØ-Þ][\w.’'-]{0,30}"
CITY = (
    rf"{WORD}(?:[ -](?:{WORD}|de|la|le|les|am|of|upon|on|an|der|do|dos|das|da|del|den|auf|bei|sur|y)){{0,4}}"
)
POSTCODE = r"(?:[A-Z]{1,2}-)?\d{2,3}[- ]?\d{2,3}"
PLACE = re.compile(
    rf"^(?:{POSTCODE}\s)?{CITY}(?:,\s(?:(?:{STATES})(?:\s\d{{5}}(?:-\d{{4}})?)?|(?i:{COUNTRIES}))(?:,\s(?i:{COUNTRIES}))?"
    rf"|\s?\((?i:{COUNTRIES})\))(?:\s\((?i:remote|hybrid)\))?$|^\d{{5}}\s{CITY}$"
)
ANYWHERE = re.compile(rf"^(?:remote|hybrid|on-?site|worldwide|{COUNTRIES})$", re.IGNORECASE)
LEGAL_FORM = re.compile(r"^(?:inc|llc|ltd|gmbh|co|corp|plc|s\.?a|ag|llp|pvt|limited)\b\.?", re.IGNORECASE)
LEGAL_END = re.compile(
    r"\s(?:inc|llc|ltd|gmbh|corp|plc|s\.?a|s\.?r\.?l|sarl|ag|llp|limited|oy|ab|bv|b\.v)\.?$", re.IGNORECASE
)
CITY_ALONE = re.compile(rf"^{WORD}(?:[ -]{WORD})?(?<!\.)$")
TERMS_OF_WORK = re.compile(
    r"^(?:(?:full|part)[- ]?time|contract|permanent|temporary|freelance|internship|seasonal|self-employed)\b",
    re.IGNORECASE,
)
PART_OF_A_FIRM = re.compile(
    r"\b(?:team|department|dept|division|group|unit|labs?|project|program(?:me)?)\b", re.IGNORECASE
)
COLUMN_NAME = re.compile(
    r"^(?:degrees?|school|institution|university|college|years?|dates?|period|duration|from|to|area|field|category|categories|"
    r"skills?|tools?|technology|technologies|languages?|level|proficiency|fluency|company|employer|organi[sz]ation|role|"
    r"position|title|location|place|certificate|certification|issuer|project|name|description|details|grade|score)$",
    re.IGNORECASE,
)
HONOURS = re.compile(
    r"\b(?:cum laude|honou?rs|distinction|(?:first|second|upper)[- ]class|dean['’]s list|\d:\d)\b",
    re.IGNORECASE,
)
ICONS = "\ue000-\uf8ff\u2600-\u2712\u2720-\u275a\ufe0f\U0001f000-\U0001faff\U000f0000-\U000ffffd"
SEPARATOR = re.compile(rf"\t|\s*[{ICONS}]+\s*|\s+[|•·●∙◦⋅/]\s+|\s*[|•·]\s*|\s+[–—-]\s+")
EMPLOYER = re.compile(r"\s+@\s+|\s+at\s+(?=[A-Z0-9])")
URL = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?:www\.)?(?:[A-Za-z0-9-]{1,63}\.){1,4}"
    r"(?:com|org|net|edu|gov|io|dev|me|app|ai|co|tech|xyz|info|page|site|blog|design|cloud|studio|online|pro|cv|tv|eu|de|uk|fr|es|it|nl|"
    r"ch|at|pl|se|ca|us|in|au|nz|ie|dk|no|fi|be|pt|cz|sk|hu|ro|gr|tr|ua|za|ng|ke|br|mx|ar|cl|jp|kr|cn|hk|tw|sg|my|id|ph|il|ae|example)"
    r"(?![\w@.-]{1,64}@)(?:/[^\s|,;<>()]{0,200})?(?![\w@])"
)


def is_place(text: str) -> bool:
    """Return True where the text is a place: `Portland, OR`, `Berlin, Germany`, `Remote`."""
    return len(text) <= 80 and (PLACE.match(text) is not None or ANYWHERE.match(text) is not None)


def names_columns(text: str) -> bool:
    """Return True for the first row of a table that says what stands below: `Period | Company | Role`."""
    cells = text.split("\t")
    return len(cells) > 1 and all(COLUMN_NAME.match(cell.strip()) for cell in cells)


def pieces(text: str) -> list[str]:
    """Return what stands side by side on one line, at its strong separators (not commas)."""
    return [piece for segment in SEPARATOR.split(text) if (piece := _bare(segment))]


def _bare(text: str) -> str:
    """Return the text without the separators and brackets around it; a bracket that closes inside is kept."""
    bare = text.strip(" ,;|·•–—-/")
    openings, closed = bare.count("("), bare.count(")")
    if openings == closed == 1 and bare[0] == "(" and bare[-1] == ")":
        return bare[1:-1].strip()
    return (
        bare.removeprefix("(") if openings > closed else bare.removesuffix(")") if closed > openings else bare
    )


def items(text: str) -> list[str]:
    """Return the members of a list on one line; separators inside brackets do not count."""
    segments: list[str] = []
    depth = start = 0
    for index, char in enumerate(text):
        depth = max(depth + (char in "([") - (char in ")]"), 0)
        if depth == 0 and char in ",;|•·●\t":
            segments.append(text[start:index])
            start = index + 1
    segments.append(text[start:])
    return [item for segment in segments if (item := segment.strip().rstrip(".").strip())]
