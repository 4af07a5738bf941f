import pytest

from resume.text import dates


@pytest.mark.parametrize(
    ("text", "start", "end", "current"),
    [
        ("Mar 2021 – Present", "2021-03", None, True),
        ("March 2021 - current", "2021-03", None, True),
        ("06/2018 - 02/2021", "2018-06", "2021-02", False),
        ("2012–2016", "2012", "2016", False),
        ("2012-16", "2012", "2016", False),
        ("2020-01 to 2021-12", "2020-01", "2021-12", False),
        ("Sept. 2019 until Oct 2020", "2019-09", "2020-10", False),
        ("Summer 2019 - Fall 2020", "2019", "2020", False),
        ("Jan '18 – Dec '19", "2018-01", "2019-12", False),
        ("May '98 – Jun '99", "1998-05", "1999-06", False),
        ("since 2020", "2020", None, True),
        ("Graduated 2016", None, "2016", False),
        ("Engineer at Acme (Jan 2020 - Present)", "2020-01", None, True),
    ],
)
def test_a_stretch_of_time_is_found(text, start, end, current):
    date_range = dates.find(text)
    assert (date_range.start, date_range.end, date_range.current) == (start, end, current)
    assert date_range.text in text


@pytest.mark.parametrize("text", ["", "Python 3.11", "$2000 saved", "served 20190 users", "1,2019 cases"])
def test_other_numbers_are_no_dates(text):
    assert dates.find(text) is None


def test_a_date_alone_does_not_count_where_only_stretches_do():
    assert dates.find("in 2019", single=False) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Acme Corp (2019 - 2022)", "Acme Corp"),
        ("Acme Corp | 2019 – 2022 | Berlin", "Acme Corp\tBerlin"),
        ("2019 – 2022: Acme", ": Acme"),
    ],
)
def test_a_line_without_its_time_keeps_the_rest(text, rest):
    assert dates.without(text, dates.find(text)) == rest


@pytest.mark.parametrize(
    ("text", "start", "end", "rest"),
    [
        ("1 March 2009 - 31 December 2010", "2009-03", "2010-12", ""),
        ("01/07/2014 – 31/08/2018", "2014-07", "2018-08", ""),
        ("09/15/2018 - 05/06/2019", "2018-09", "2019", ""),
        ("2019-03-01 – 2020-01-31", "2019-03", "2020-01", ""),
        ("05-2019 - 08-2021", "2019-05", "2021-08", ""),
        ("Jun – Aug 2019", "2019-06", "2019-08", ""),
        ("Q1 2015 - Q3 2016", "2015", "2016", ""),
        ("June 2019 – Present (4 years 2 months)", "2019-06", None, ""),
        ("Jan 2020 - Dec 2020 · 1 yr", "2020-01", "2020-12", ""),
        ("2019– Associate Professor", "2019", None, "Associate Professor"),
        ("Aug 2020 – May 2024 (Expected)", "2020-08", "2024-05", ""),
    ],
)
def test_more_ways_to_write_a_stretch_of_time_are_read(text, start, end, rest):
    date_range = dates.find(text)
    assert (date_range.start, date_range.end, dates.without(text, date_range)) == (start, end, rest)


@pytest.mark.parametrize(
    ("text", "end"),
    [("Summer 2018", "2018"), ("Clerk | March 2008 (6 months)", "2008-03"), ("Built in 2019 for Acme", None)],
)
def test_a_date_by_itself_is_told_from_one_in_a_sentence(text, end):
    date_range = dates.alone(text)
    assert (date_range.end if date_range else None) == end
