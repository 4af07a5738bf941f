"""The headings of résumés, and which kind of section each opens."""

import re
from enum import StrEnum

MAX_HEADING_LENGTH = 60


class SectionKind(StrEnum):
    """What a section is about; `header` is what stands above the first heading."""

    HEADER = "header"
    CONTACT = "contact"
    SUMMARY = "summary"
    WORK = "work"
    EDUCATION = "education"
    SKILLS = "skills"
    PROJECTS = "projects"
    CERTIFICATES = "certificates"
    LANGUAGES = "languages"
    OTHER = "other"


HEADINGS = {
    SectionKind.CONTACT: "contact|contact details|contact information|personal details|personal information|"
    "personal data|contact me|links|details|get in touch",
    SectionKind.SUMMARY: "summary|professional summary|executive summary|career summary|summary of qualifications|"
    "profile|professional profile|personal profile|about|about me|objective|career objective|personal statement|"
    "career profile|introduction|overview|professional overview",
    SectionKind.WORK: "experience|work experience|professional experience|employment|employment history|work history|"
    "career history|relevant experience|industry experience|professional background|career|positions|"
    "academic appointments|appointments|professional appointments|positions held|work and experience|"
    "experience and employment|professional history|engineering experience|internships|"
    "internship experience|selected experience|additional experience|other experience|work",
    SectionKind.EDUCATION: "education|academic background|education and training|academic history|qualifications|"
    "academic qualifications|educational background|studies|education and qualifications|academics|degrees|"
    "academic education|education and certifications",
    SectionKind.SKILLS: "skills|top skills|technical skills|"
    "core skills|key skills|skills and tools|skills and technologies|"
    "technologies|technical expertise|core competencies|competencies|tech stack|technical proficiencies|"
    "areas of expertise|expertise|tools and technologies|technology|programming skills|professional skills|"
    "skills summary|technical summary|skill set|technical skill set|skills and expertise|hard skills|stack|"
    "technical toolbox|toolbox|skills and interests|computer skills|it skills",
    SectionKind.PROJECTS: "projects|personal projects|side projects|selected projects|key projects|open source|"
    "open source projects|academic projects|notable projects|open source contributions|project experience|"
    "technical projects|portfolio|projects and open source|open source and projects",
    SectionKind.CERTIFICATES: "certifications|certificates|certification|licenses|licenses and certifications|"
    "licences and certifications|certifications and licenses|professional certifications|certifications and training|"
    "training and certifications|courses and certifications|training|courses|professional development",
    SectionKind.LANGUAGES: "languages|languages known|languages spoken|spoken languages|"
    "language skills|human languages|foreign languages",
    SectionKind.OTHER: "awards|honors|honours|honors and awards|awards and honors|achievements|publications|patents|"
    "volunteering|volunteer experience|volunteer work|volunteer|community|interests|hobbies|hobbies and interests|"
    "interests and hobbies|references|activities|extracurricular activities|talks|conferences|memberships|"
    "affiliations|research|teaching|military service|additional information|miscellaneous|leadership|"
    "speaking|key achievements|selected publications|professional affiliations|personal interests|other",
}
# `Clinical Experience`, `SOFT SKILLS`: a word that says of what kind, then the heading itself
QUALIFIED = re.compile(
    r"^(?:(?:clinical|nursing|teaching|academic|professional|practical|military|retail|management|consulting|sales|"
    r"leadership|software|technical|legal|research|related|relevant|selected|recent|previous|prior|early|current|other|"
    r"additional|key|core|digital|soft|personal|communication|interpersonal|organi[sz]ational|computer|language|"
    r"laboratory|lab|design|creative|business|freelance|voluntary|industry|internship|registrations?|courses|training|"
    r"awards|licenses|licensure|honou?rs|project|formal|further|engineering|development|data|programming|postgraduate|"
    r"undergraduate|university|and|&|of) ){1,4}"
    r"(experience|employment|skills|projects|certifications|certificates|education|qualifications|publications|awards)$"
)
BY_LAST_WORD = {
    "experience": SectionKind.WORK,
    "employment": SectionKind.WORK,
    "skills": SectionKind.SKILLS,
    "projects": SectionKind.PROJECTS,
    "certifications": SectionKind.CERTIFICATES,
    "certificates": SectionKind.CERTIFICATES,
    "education": SectionKind.EDUCATION,
    "qualifications": SectionKind.EDUCATION,
    "publications": SectionKind.OTHER,
    "awards": SectionKind.OTHER,
}
KINDS = {name.replace(" ", ""): kind for kind, names in HEADINGS.items() for name in names.split("|")}
HUMAN_LANGUAGES = re.compile(
    r"\b(?:english|german|deutsch|french|spanish|español|italian|portuguese|dutch|polish|russian|ukrainian|arabic|"
    r"hindi|urdu|bengali|tamil|telugu|mandarin|cantonese|chinese|japanese|korean|turkish|greek|hebrew|swedish|"
    r"norwegian|danish|finnish|czech|slovak|hungarian|romanian|bulgarian|serbian|croatian|vietnamese|thai|"
    r"indonesian|malay|tagalog|filipino|persian|farsi|swahili|catalan|punjabi|marathi|gujarati)\b",
    re.IGNORECASE,
)


def kind_of(text: str) -> SectionKind | None:
    """Return what a heading announces, or None where the line is none that we know."""
    if len(text) > MAX_HEADING_LENGTH:
        return None
    words = text.lower().replace("&", " and ").replace("/", " and ").replace("+", " and ")
    if known := KINDS.get(re.sub(r"[^a-z]", "", words)):
        return known
    qualified = QUALIFIED.match(" ".join(words.rstrip(" :").split()))
    return BY_LAST_WORD[qualified[1]] if qualified else None
