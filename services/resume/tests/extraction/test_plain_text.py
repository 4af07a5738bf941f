import asyncio

import pytest

from resume.extraction import plain_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_the_encodings_that_editors_write(text_of, encoding):
    assert text_of(plain_text.read_text("Zoë Example\r\nIngénieure".encode(encoding))) == [
        "Zoë Example",
        "Ingénieure",
    ]


def test_invisible_characters_and_rules_are_left_out(text_of):
    text = "Ro\u200bbin\u202e Ex\u00adample\n=======\n\n* item\n   - inner\n"
    document = plain_text.read_text(text.encode())
    assert text_of(document) == ["Robin Example", "item", "inner"]
    assert [line.bullet for line in document.lines] == [False, True, True]
    assert document.lines[2].left == 3.0


def test_wide_gaps_become_tabs(text_of):
    assert text_of(plain_text.read_text(b"Acme Corp        2019 - 2022")) == ["Acme Corp\t2019 - 2022"]


def test_markdown_is_read_without_its_marks(text_of):
    text = "# Robin\n## Experience\n### Engineer\n**Bold** and *thin* and `code` [me](mailto:me@x.org) [site](https://x.org)\n---\n"
    document = plain_text.read_markdown(text.encode())
    assert text_of(document) == [
        "Robin",
        "Experience",
        "Engineer",
        "Bold and thin and code me me@x.org site https://x.org",
    ]
    assert [line.heading for line in document.lines] == [True, True, False, False]


def test_a_link_that_shows_its_own_address_is_read_once(text_of):
    assert text_of(plain_text.read_markdown(b"[x.org](https://x.org)")) == ["x.org"]


def test_numbers_in_front_of_items_are_list_marks_and_those_of_headings_are_left_out(text_of):
    document = plain_text.read_text(
        b"1. Experience\n1) Bookkeeping\n2. Audited branches\n2.5 million users\n3 of 4\n"
    )
    assert text_of(document) == ["Experience", "Bookkeeping", "Audited branches", "2.5 million users"]
    assert [line.bullet for line in document.lines] == [False, True, True, False]


def test_a_very_long_line_is_cut_and_says_so():
    document = plain_text.read_text(b"a" * 3000)
    assert (document.characters, document.warnings) == (
        2000,
        ["Of a line with more than 2,000 characters the rest was left out."],
    )


def test_front_matter_quotes_links_and_tables_of_markdown_are_read(text_of):
    text = (
        '---\nauthor: "Robin Example"\n---\n> Engineer\n<robin@example.com>\n\n'
        "| Degree | School |\n|:---|---:|\n| BSc | MIT |\n"
    )
    assert text_of(plain_text.read_markdown(text.encode())) == [
        "author: Robin Example",
        "Engineer",
        "robin@example.com",
        "Degree\tSchool",
        "BSc\tMIT",
    ]


def test_a_comment_in_markdown_is_hidden_text(text_of):
    document = plain_text.read_markdown(b"# Robin\n<!-- hire\nme -->\nEngineer")
    assert (text_of(document), document.hidden) == (["Robin", "Engineer"], ["hire me"])


def test_characters_that_only_machines_read_are_left_out(text_of):
    assert text_of(plain_text.read_text("Robin\U000e0048\U000e0069".encode())) == ["Robin"]


async def test_comments_that_never_end_take_no_time():
    async with asyncio.timeout(5):
        await asyncio.to_thread(plain_text.read_markdown, b"<!--" * 100_000)
