import pytest

from resume import plain


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_the_encodings_that_editors_write(text_of, encoding):
    assert text_of(plain.read_text("Zoë Example\r\nIngénieure".encode(encoding))) == [
        "Zoë Example",
        "Ingénieure",
    ]


def test_invisible_characters_and_rules_are_left_out(text_of):
    text = "Ro\u200bbin\u202e Ex\u00adample\n=======\n\n* item\n   - inner\n"
    document = plain.read_text(text.encode())
    assert text_of(document) == ["Robin Example", "item", "inner"]
    assert [line.bullet for line in document.lines] == [False, True, True]
    assert document.lines[2].left == 3.0


def test_wide_gaps_become_tabs(text_of):
    assert text_of(plain.read_text(b"Acme Corp        2019 - 2022")) == ["Acme Corp\t2019 - 2022"]


def test_markdown_is_read_without_its_marks(text_of):
    text = "# Robin\n## Experience\n### Engineer\n**Bold** and *thin* and `code` [me](mailto:me@x.org) [site](https://x.org)\n---\n"
    document = plain.read_markdown(text.encode())
    assert text_of(document) == [
        "Robin",
        "Experience",
        "Engineer",
        "Bold and thin and code me me@x.org site https://x.org",
    ]
    assert [line.heading for line in document.lines] == [True, True, False, False]


def test_a_link_that_shows_its_own_address_is_read_once(text_of):
    assert text_of(plain.read_markdown(b"[x.org](https://x.org)")) == ["x.org"]
