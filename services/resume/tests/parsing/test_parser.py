import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume.extraction import docx, pdf
from resume.extraction.plain_text import read_markdown
from resume.parsing import parser, sections
from resume.text.lines import Line


@pytest.fixture(scope="module", params=["pdf", "docx"])
def read_sample(request, sample):
    read = {"pdf": pdf.read, "docx": docx.read}[request.param]
    lines = read(sample(request.param)).lines
    return lines, parser.parse(lines)


def test_the_sample_says_who_it_is_about(read_sample):
    basics = read_sample[1].profile.basics
    assert (basics.name, basics.label) == ("Jordan Rivera", "Senior Backend Engineer")
    assert (basics.email, basics.phone) == ("jordan.rivera@example.com", "+1 503 555 0142")
    assert (basics.location.address, basics.location.city, basics.location.region) == (
        "Portland, OR",
        "Portland",
        "OR",
    )
    assert [profile.network for profile in basics.profiles] == ["linkedin", "github"]
    assert basics.summary.startswith("Backend engineer with nine years")
    assert basics.summary.endswith("better measured than they were.")


def test_the_samples_jobs_are_read(read_sample):
    jobs = read_sample[1].profile.work
    assert [(job.position, job.name, job.location) for job in jobs] == [
        ("Senior Backend Engineer", "Northwind Logistics", "Portland, OR"),
        ("Backend Engineer", "Bluebird Payments", "Seattle, WA"),
        ("Software Developer", "Cedar Health Systems", "Eugene, OR"),
    ]
    assert [(job.start_date, job.end_date, job.current) for job in jobs] == [
        ("2021-03", None, True),
        ("2018-06", "2021-02", False),
        ("2016-08", "2018-05", False),
    ]
    assert [len(job.highlights) for job in jobs] == [3, 3, 2]
    assert jobs[0].highlights[0].endswith("cutting the lead time of a change from eleven days to two.")


def test_the_samples_other_sections_are_read(read_sample):
    profile = read_sample[1].profile
    [course] = profile.education
    assert (course.institution, course.study_type, course.area) == (
        "Oregon State University",
        "B.Sc.",
        "Computer Science",
    )
    assert (course.start_date, course.end_date) == ("2012", "2016")
    assert [group.name for group in profile.skills] == ["Languages", "Frameworks", "Data", "Infrastructure"]
    assert sum(len(group.keywords) for group in profile.skills) == 18
    assert [project.name for project in profile.projects] == ["Queuelight", "Tidepool Maps"]
    assert profile.projects[0].url == "github.com/jordan-rivera-example/queuelight"
    assert [certificate.date for certificate in profile.certificates] == ["2023", "2022"]
    assert [(language.language, language.fluency) for language in profile.languages] == [
        ("English", "native"),
        ("Spanish", "fluent"),
        ("German", "A2"),
    ]
    assert profile.other == []


def test_an_interview_gets_the_content_without_contact_details(read_sample):
    content = read_sample[1].profile.resume_content()
    assert content.work[0].current
    assert content.certificates[0].startswith("AWS Certified")
    assert content.languages == ("English", "Spanish", "German")
    text = content.model_dump_json()
    for private in ("Jordan", "jordan", "@", "503", "Portland"):
        assert private not in text


ANALYST = """SAM O'NEIL-PARK
Data Analyst
Berlin, Germany · sam.oneil@example.org · (503) 555-0199
https://samoneil.example · linkedin.com/in/sam-oneil

Analyst who turns messy tables into decisions that people can act on and explain.

WORK EXPERIENCE

Data Analyst at Greenfield Energy GmbH (Jan 2020 - Present)
- Built dashboards in Power BI
  for 40 managers
- Cut reporting time by 70%

Acme Corp                                   2015 - 2019
Junior Analyst
- Wrote SQL

Freelance Consultant, various clients, 2013–2015
Advised small shops on stock.

EDUCATION
Technical University of Munich, M.Sc. Statistics, 2013
BSc Mathematics, University of Leeds (2008 - 2011)

TECHNICAL SKILLS
Python, R, SQL, Excel
Power BI (DAX, M), Tableau

LANGUAGES
German: native
English: C1

INTERESTS
Chess, climbing
"""


def test_a_plain_text_resume_is_read(parse_text):
    profile = parse_text(ANALYST).profile
    assert (profile.basics.name, profile.basics.label) == ("SAM O'NEIL-PARK", "Data Analyst")
    assert (profile.basics.phone, profile.basics.url) == ("(503) 555-0199", "https://samoneil.example")
    assert profile.basics.summary.startswith("Analyst who turns")
    assert [(job.position, job.name) for job in profile.work] == [
        ("Data Analyst", "Greenfield Energy GmbH"),
        ("Junior Analyst", "Acme Corp"),
        ("Freelance Consultant", "various clients"),
    ]
    assert profile.work[0].highlights[0] == "Built dashboards in Power BI for 40 managers"
    assert [(studies.institution, studies.study_type, studies.area) for studies in profile.education] == [
        ("Technical University of Munich", "M.Sc.", "Statistics"),
        ("University of Leeds", "BSc", "Mathematics"),
    ]
    assert profile.skills[0].name == "TECHNICAL SKILLS"
    assert profile.skills[0].keywords[4] == "Power BI (DAX, M)"
    assert [(leftover.name, leftover.lines) for leftover in profile.other] == [
        ("INTERESTS", ["Chess, climbing"])
    ]


MANAGER = """# Priya Natarajan
**Product Manager** | London, UK | [priya@example.com](mailto:priya@example.com) | +44 20 7946 0123

## Experience

### Senior Product Manager — Savings Bank
*Mar 2020 – Present* | London
- Launched savings pots to 1M users

### Engineer, Tiny Startup
2014 - 2016

## Education
- **BA Economics**, University of Oxford, 2010 – 2013

## Skills
- **Product:** roadmaps, discovery, A/B testing

## Projects
- **Foo**: a thing that does bar ([link](https://foo.example.com))
- Baz — another
"""


def test_a_markdown_resume_is_read():
    profile = parser.parse(read_markdown(MANAGER.encode()).lines).profile
    assert (profile.basics.name, profile.basics.email) == ("Priya Natarajan", "priya@example.com")
    assert [(job.position, job.name) for job in profile.work] == [
        ("Senior Product Manager", "Savings Bank"),
        ("Engineer", "Tiny Startup"),
    ]
    assert [(studies.study_type, studies.area) for studies in profile.education] == [("BA", "Economics")]
    assert profile.skills[0].keywords == ["roadmaps", "discovery", "A/B testing"]
    assert [(project.name, project.description) for project in profile.projects] == [
        ("Foo", "a thing that does bar"),
        ("Baz", "another"),
    ]


@pytest.mark.parametrize(
    ("head", "position", "company", "place"),
    [
        ("Engineer | Acme Corp | Berlin, Germany | 2019 – 2021", "Engineer", "Acme Corp", "Berlin, Germany"),
        ("Acme Corp, Boston, MA\nEngineer\n2019 – 2021", "Engineer", "Acme Corp", "Boston, MA"),
        ("2019 – 2021\nEngineer @ Acme Corp\nRemote", "Engineer", "Acme Corp", "Remote"),
        ("Engineer, Acme, Inc. (2019 – 2021)", "Engineer", "Acme, Inc.", ""),
        ("Acme, Inc., Boston, MA\nEngineer  \t  2019 – 2021", "Engineer", "Acme, Inc.", "Boston, MA"),
        ("Acme Corp, Lead Engineer, 2019 – 2021", "Lead Engineer", "Acme Corp", ""),
        ("Acme Corp - 2019 – 2021\nBarista", "Barista", "Acme Corp", ""),
    ],
)
def test_position_company_and_place_are_told_apart(parse_text, head, position, company, place):
    [job] = parse_text(f"Experience\n{head}\n- Did things\n").profile.work
    assert (job.position, job.name, job.location) == (position, company, place)
    assert (job.start_date, job.end_date, job.highlights) == ("2019", "2021", ["Did things"])


def test_several_positions_below_one_company_share_its_name(parse_text):
    text = (
        "Experience\nInitech  \t Jan 2015 - Dec 2022\nStaff Scientist \t 2019 - 2022\n* Led\n"
        "Scientist \t 2015 - 2018\n* Did\n"
    )
    jobs = parse_text(text).profile.work
    assert [(job.name, job.position, job.highlights) for job in jobs] == [
        ("Initech", "Staff Scientist", ["Led"]),
        ("Initech", "Scientist", ["Did"]),
    ]


def test_jobs_without_items_are_told_apart_by_their_dates(parse_text):
    jobs = parse_text("Experience\nAcme\nEngineer\n2019 - 2021\nBeta\nDeveloper\n2017 - 2019\n").profile.work
    assert [(job.name, job.position, job.end_date) for job in jobs] == [
        ("Acme", "Engineer", "2021"),
        ("Beta", "Developer", "2019"),
    ]


def test_schools_with_places_scores_and_notes_are_read(parse_text):
    text = (
        "Education\nMassachusetts Institute of Technology, Cambridge, MA\nPh.D. in Biology, 2012\nGPA: 3.9/4.0\n"
        "Bachelor of Science in Chemistry\nUniversity of Texas at Austin\n2003 - 2007\n- Thesis on salt\n"
    )
    first, second = parse_text(text).profile.education
    assert (first.institution, first.location) == ("Massachusetts Institute of Technology", "Cambridge, MA")
    assert (first.study_type, first.area, first.end_date, first.score) == (
        "Ph.D.",
        "Biology",
        "2012",
        "3.9/4.0",
    )
    assert (second.institution, second.study_type) == ("University of Texas at Austin", "Bachelor of Science")
    assert second.courses == ["Thesis on salt"]


def test_skills_below_lines_that_name_their_group_are_grouped(parse_text):
    text = (
        "Skills\nProgramming\nPython, MATLAB\nLanguages\nGo, Rust\nLab:\n- PCR\n- ELISA\n"
        "Languages\nEnglish, German\n"
    )
    profile = parse_text(text).profile
    assert [(group.name, group.keywords) for group in profile.skills] == [
        ("Programming", ["Python", "MATLAB"]),
        ("Languages", ["Go", "Rust"]),
        ("Lab", ["PCR", "ELISA"]),
    ]
    assert [language.language for language in profile.languages] == ["English", "German"]


def test_a_labelled_header_is_read(parse_text):
    text = (
        "Curriculum Vitae\nDr. Anna von Schmidt, PhD\nEmail: anna@example.com\nPhone: +49 30 1234567\n"
        "Address: Hauptstr. 5, 10115 Berlin\n"
    )
    profile = parse_text(text).profile
    assert (profile.basics.name, profile.basics.email) == ("Dr. Anna von Schmidt", "anna@example.com")
    assert (profile.basics.phone, profile.basics.location.address) == (
        "+49 30 1234567",
        "Hauptstr. 5, 10115 Berlin",
    )


def test_an_address_that_stands_elsewhere_is_found(parse_text):
    assert (
        parse_text("Anna Schmidt\nReferences\nask anna@example.com\n").profile.basics.email
        == "anna@example.com"
    )


def test_projects_with_more_to_say_are_read(parse_text):
    text = (
        "Projects\nFoo | foo.example.com (2020 - 2021)\n"
        "A tool that does foo and bar for many people every day.\n- Fast\nBaz\n- Small\n"
    )
    first, second = parse_text(text).profile.projects
    assert (first.name, first.url, first.start_date) == ("Foo", "foo.example.com", "2020")
    assert (first.description[:6], first.highlights) == ("A tool", ["Fast"])
    assert (second.name, second.highlights) == ("Baz", ["Small"])


def test_the_same_lines_always_give_the_same_profile(read_sample):
    lines, parsed = read_sample
    assert parser.parse(lines) == parsed


# Nothing is invented, nothing is lost


def check_provenance(lines: list[Line], parsed: parser.Parsed) -> None:
    by_number = {line.number: " ".join(line.text.split()) for line in lines}
    for pointer, span in parsed.provenance.items():
        held = " ".join(by_number[number] for number in span.lines)
        assert " ".join(span.text.split()) in held, pointer
        assert pointer.endswith(("startDate", "endDate", "date")) or span.value == span.text, pointer
        assert 0 < span.confidence < 1


def leaves(value, pointer=""):
    if isinstance(value, dict | list):
        for key, branch in enumerate(value) if isinstance(value, list) else value.items():
            yield from leaves(branch, f"{pointer}/{key}")
    elif value not in ("", None, True, False):
        yield pointer


def test_every_value_stands_in_the_text(read_sample):
    lines, parsed = read_sample
    check_provenance(lines, parsed)
    assert set(leaves(parsed.profile.model_dump())) == set(parsed.provenance)


PIECES = st.sampled_from(
    [line for line in [*ANALYST.splitlines(), *MANAGER.splitlines()] if line]
    + [
        "Projects",
        "Certifications",
        "Languages",
        "- item",
        "Acme, Inc.",
        "2019 - 2021",
        "University of X, BSc, MA",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=60), max_size=40))
def test_no_text_makes_the_rules_invent_or_lose_anything(pieces):
    lines = read_markdown("\n".join(pieces).encode("utf-8", "replace")).lines
    parsed = parser.parse(lines)
    check_provenance(lines, parsed)
    cited = {number for span in parsed.provenance.values() for number in span.lines}
    headings = {section.heading.number for section in sections.split(lines) if section.heading}
    assert {line.number for line in lines} - cited - headings == set()


@pytest.mark.parametrize(
    "piece", ["<!--", "a@", "1 ", "-. ", "Aa, ", "www.", "(", "2019 ", "Jan ", "a.b.", "\t|", "Ä"]
)
async def test_hostile_lines_take_no_time(lines_of, piece):
    lines = lines_of(
        "\n".join(["Experience", piece * 1000, "Education", piece * 1000, "Skills", piece * 1000] * 5)
    )
    async with asyncio.timeout(5):
        await asyncio.to_thread(parser.parse, lines)


# Résumés as people write them


def test_a_credential_behind_a_name_is_no_place(parse_text):
    basics = parse_text("Linda Johnson, MBA\nVP of Sales\nDallas, TX • linda@example.com\n").profile.basics
    assert (basics.name, basics.label, basics.location.city) == ("Linda Johnson", "VP of Sales", "Dallas")
    assert parse_text("Steven Strange, M.D.\nNew York, NY\n").profile.basics.name == "Steven Strange"


def test_a_name_on_two_lines_is_read(parse_text):
    basics = parse_text("Oleksandr\nKovalenko\nFrontend Developer\n").profile.basics
    assert (basics.name, basics.label) == ("Oleksandr Kovalenko", "Frontend Developer")


@pytest.mark.parametrize(
    ("line", "address", "city", "region"),
    [
        ("12 Rue de Rivoli, 75001 Paris, France", "12 Rue de Rivoli, 75001 Paris, France", "Paris", "France"),
        (
            "123 Main Street, Springfield, IL 62701",
            "123 Main Street, Springfield, IL 62701",
            "Springfield",
            "IL 62701",
        ),
        ("robin@example.com  +1 503 555 0142  New York, NY", "New York, NY", "New York", "NY"),
        (
            "\ue000 robin@example.com \ue001 Utrecht, Netherlands",
            "Utrecht, Netherlands",
            "Utrecht",
            "Netherlands",
        ),
    ],
)
def test_an_address_is_read(parse_text, line, address, city, region):
    place = parse_text(f"Robin Example\n{line}\n").profile.basics.location
    assert (place.address, place.city, place.region) == (address, city, region)


def test_a_date_is_no_telephone_number(parse_text):
    text = "Robin Example\nDate of birth: 12/05/1990\n2024-01-01\nPhone: +420 777 123 456\n"
    assert parse_text(text).profile.basics.phone == "+420 777 123 456"


def test_an_address_under_any_top_level_domain_is_whole(parse_text):
    assert parse_text("Robin Example\nhttps://sk.phys.au.dk\n").profile.basics.url == "https://sk.phys.au.dk"


@pytest.mark.parametrize(
    "heading",
    ["Clinical Experience", "SOFT SKILLS", "Registrations & Certifications", "1. Academic Projects"],
)
def test_headings_that_say_of_what_kind_are_headings(lines_of, heading):
    assert sections.split(lines_of(f"Robin\n{heading}\nThis and that\n"))[1].heading is not None


def test_headings_with_their_text_behind_them_are_headings_above_the_first_only(parse_text):
    text = (
        "Robin Example\nSummary: Engineer who ships.\nSkills: Python, Go\nExperience:\n"
        "Engineer, Acme, 2019 - 2021\n- Built\nTechnologies: Java, Spring\n"
    )
    profile = parse_text(text).profile
    assert profile.basics.summary == "Engineer who ships."
    assert [(skill.name, skill.keywords) for skill in profile.skills] == [("Skills", ["Python", "Go"])]
    assert len(profile.work[0].highlights) >= 1


@pytest.mark.parametrize(
    ("head", "position", "company", "place"),
    [
        ("Intern, Stargazer SARL, Lyon\nSummer 2017", "Intern", "Stargazer SARL", "Lyon"),
        ("Senior Accountant | KPMG | Dublin | 2017", "Senior Accountant", "KPMG", "Dublin"),
        (
            "Attending Physician \t 2017\nMetro Hospital, New York, NY",
            "Attending Physician",
            "Metro Hospital",
            "New York, NY",
        ),
        (
            "Staff Nurse, A&E\nSt. James, Dublin, Ireland\n2017",
            "Staff Nurse, A&E",
            "St. James",
            "Dublin, Ireland",
        ),
        ("Clerk\nSkanska, Kraków (Poland)\n2017", "Clerk", "Skanska", "Kraków (Poland)"),
        (
            "Company: GTBank\nPosition: Accountant\nDuration: 2017\nResponsibilities:",
            "Accountant",
            "GTBank",
            "",
        ),
        ("2017  \t  GTBank  \t  Accountant", "Accountant", "GTBank", ""),
    ],
)
def test_more_ways_to_head_a_job_are_read(parse_text, head, position, company, place):
    [job] = parse_text(f"Experience\n{head}\n- Did things\n").profile.work
    assert (job.position, job.name, job.location) == (position, company, place)
    assert (job.end_date, job.highlights) == ("2017", ["Did things"])


def test_the_first_row_of_a_table_is_no_entry(parse_text):
    text = "Education\nDegree  \t  School  \t  Years\nMSc Physics  \t  Leeds University  \t  2010 - 2015\n"
    profile = parse_text(text).profile
    assert [(studies.institution, studies.study_type) for studies in profile.education] == [
        ("Leeds University", "MSc")
    ]
    assert profile.other[0].lines == ["Degree School Years"]


@pytest.mark.parametrize(
    ("line", "school", "degree", "area", "score"),
    [
        (
            "B.Tech in Computer Science, NIT Trichy — CGPA: 8.7/10",
            "NIT Trichy",
            "B.Tech",
            "Computer Science",
            "8.7/10",
        ),
        ("BA, Economics, Rice University", "Rice University", "BA", "Economics", ""),
        (
            "Leeds University\nBachelor of Science in Physics, GPA 3.7/4.0",
            "Leeds University",
            "Bachelor of Science",
            "Physics",
            "3.7/4.0",
        ),
        (
            "Leeds University\nBachelor of Science - BS, Physics",
            "Leeds University",
            "Bachelor of Science",
            "Physics",
            "",
        ),
        (
            "Springfield High School\nHigh School Diploma",
            "Springfield High School",
            "High School Diploma",
            "",
            "",
        ),
        (
            "Bachelor of Computing (Honours) in Games, Leeds University",
            "Leeds University",
            "Bachelor of Computing (Honours)",
            "Games",
            "",
        ),
    ],
)
def test_more_ways_to_tell_a_course_are_read(parse_text, line, school, degree, area, score):
    [course] = parse_text(f"Education\n{line}\n").profile.education
    assert (course.institution, course.study_type, course.area, course.score) == (school, degree, area, score)


def test_skills_in_the_cells_of_a_table_are_skills(parse_text):
    [group] = parse_text("Skills\nCOBOL  \t  Fortran  \t  Ada\nLisp  \t  ML  \t  C\n").profile.skills
    assert (group.name, len(group.keywords)) == ("Skills", 6)


def test_a_further_position_without_a_company_was_held_at_the_one_above(parse_text):
    text = (
        "Experience\nDelta Air Lines  \t  Reno, NV\nAnalyst II \t 2021 - Present\n- Led\n"
        "Analyst \t 2019 - 2021\n- Did\nFreelance Designer \t 2017 - 2019\n- Drew\n"
    )
    assert [(job.name, job.position) for job in parse_text(text).profile.work] == [
        ("Delta Air Lines", "Analyst II"),
        ("Delta Air Lines", "Analyst"),
        ("", "Freelance Designer"),
    ]


def test_labelled_lines_among_other_things_are_read_for_what_they_are(parse_text):
    text = (
        "Robin Example\nAdditional Information\nLanguages: Portuguese (native), English (C1)\n"
        "Software: SolidWorks, Ansys\n"
    )
    profile = parse_text(text).profile
    assert [(language.language, language.fluency) for language in profile.languages] == [
        ("Portuguese", "native"),
        ("English", "C1"),
    ]
    assert [(leftover.name, leftover.lines) for leftover in profile.other] == [
        ("Additional Information", ["Software: SolidWorks, Ansys"])
    ]
