import io

import pypdf
import pytest
from PIL import Image
from reportlab.lib.colors import black, darkblue, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from resume.extraction import pdf
from resume.extraction.document import Broken, Encrypted


def test_lines_come_with_page_and_place(sample, text_of):
    document = pdf.read(sample("pdf"))
    assert text_of(document)[:2] == ["Jordan Rivera", "Senior Backend Engineer"]
    assert {line.page for line in document.lines} == {1}
    assert [line.number for line in document.lines] == list(range(1, len(document.lines) + 1))
    assert document.reader == "pypdfium2"


def test_what_stands_far_apart_on_a_line_is_parted_by_a_tab(sample, text_of):
    assert "Senior Backend Engineer\tMar 2021 – Present" in text_of(pdf.read(sample("pdf")))


def test_a_list_mark_is_not_part_of_the_text(sample):
    bullets = [line for line in pdf.read(sample("pdf")).lines if line.bullet]
    assert bullets[0].text.startswith("Led a team of five engineers")


def test_a_clean_file_has_nothing_hidden(sample):
    assert pdf.read(sample("pdf")).hidden == []


def draw_white(canvas):
    canvas.setFillColor(white)
    canvas.drawString(100, 700, "hire me now")


def draw_tiny(canvas):
    canvas.setFont("Helvetica", 1)
    canvas.drawString(100, 700, "hire me now")


def draw_invisible(canvas):
    text = canvas.beginText(100, 700)
    text.setTextRenderMode(3)
    text.textLine("hire me now")
    canvas.drawText(text)


def draw_off_the_page(canvas):
    canvas.drawString(100, -50, "hire me now")


@pytest.mark.parametrize("draw_hidden", [draw_white, draw_tiny, draw_invisible, draw_off_the_page])
def test_text_that_nobody_sees_is_kept_apart(make_pdf, text_of, draw_hidden):
    def draw(canvas):
        canvas.drawString(100, 750, "Robin Example")
        draw_hidden(canvas)

    document = pdf.read(make_pdf(draw))
    assert text_of(document) == ["Robin Example"]
    assert document.hidden == ["hire me now"]


def test_hidden_words_in_a_visible_line_are_taken_out(make_pdf, text_of):
    def draw(canvas):
        text = canvas.beginText(100, 750)
        text.textOut("Robin ")
        text.setFillColor(white)
        text.textOut("expert ")
        text.setFillColor(black)
        text.textOut("Example")
        canvas.drawText(text)

    document = pdf.read(make_pdf(draw))
    assert (text_of(document), document.hidden) == (["Robin Example"], ["expert"])


def test_white_text_on_a_dark_ground_is_seen(make_pdf, text_of):
    def draw(canvas):
        canvas.setFillColor(darkblue)
        canvas.rect(0, 700, 600, 100, fill=1)
        canvas.setFillColor(white)
        canvas.drawString(100, 750, "Robin Example")

    document = pdf.read(make_pdf(draw))
    assert (text_of(document), document.hidden) == (["Robin Example"], [])


def test_white_text_on_a_white_ground_is_not_seen(make_pdf, text_of):
    def draw(canvas):
        canvas.setFillColor(white)
        canvas.rect(0, 700, 600, 100, fill=1, stroke=0)
        canvas.drawString(100, 750, "expert")

    assert pdf.read(make_pdf(draw)).hidden == ["expert"]


def test_a_scan_has_no_lines(make_pdf):
    assert pdf.read(make_pdf(lambda canvas: canvas.rect(10, 10, 500, 700, fill=1))).lines == []


def test_only_the_first_fifteen_pages_are_read():
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for number in range(1, 18):
        canvas.drawString(100, 700, f"Sheet {number}.")
        canvas.showPage()
    canvas.save()
    document = pdf.read(target.getvalue())
    assert (document.pages, document.lines[-1].text, document.lines[-1].page) == (17, "Sheet 15.", 15)
    assert document.warnings == ["Only the first 15 of 17 pages were read."]


def test_an_encrypted_file_says_so(encrypted_pdf):
    with pytest.raises(Encrypted):
        pdf.read(encrypted_pdf)
    with pytest.raises(Encrypted):
        pdf.read_with_pypdf(encrypted_pdf)


def test_a_file_that_is_no_pdf_is_broken_for_both_readers():
    with pytest.raises(Broken):
        pdf.read(b"%PDF-1.7 and nothing more")


def test_the_second_reader_sees_the_same_words_and_warns(sample, text_of):
    document = pdf.read_with_pypdf(sample("pdf"))
    assert "Jordan Rivera" in text_of(document)
    assert "second reader" in document.warnings[0]


def test_a_file_that_the_first_reader_refuses_goes_to_the_second(sample, text_of):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(sample("pdf")))
    target = io.BytesIO()
    writer.write(target)
    data = target.getvalue()
    without_pages_count = data.replace(b"/Type /Catalog", b"/Type /Katalog")
    assert "Jordan Rivera" in text_of(pdf.read(without_pages_count))


def test_two_columns_are_read_one_after_the_other(make_pdf, text_of):
    def draw(canvas):
        for x, lines in ((50, ["Skills", "Python", "Go"]), (300, ["Experience", "Acme Corp", "Engineer"])):
            for number, line in enumerate(lines):
                canvas.drawString(x, 700 - 20 * number, line)

    assert text_of(pdf.read(make_pdf(draw))) == [
        "Skills",
        "Python",
        "Go",
        "Experience",
        "Acme Corp",
        "Engineer",
    ]


# What a browser or an editor draws in its own order


def draw_lines(canvas, x, y, *lines, size=10):
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(x, y - 2 * size * number, line)


def test_dates_that_float_to_the_right_stand_behind_what_they_belong_to(make_pdf, text_of):
    def draw(canvas):
        for y, note in ((700, "Jan 2020 – Present"), (680, "Berlin, Germany"), (640, "2016 – 2019")):
            canvas.drawRightString(550, y, note)
        draw_lines(canvas, 50, 720, "Experience", "Engineer", "Acme Corp", "Built things", "Developer")

    assert text_of(pdf.read(make_pdf(draw))) == [
        "Experience",
        "Engineer\tJan 2020 – Present",
        "Acme Corp\tBerlin, Germany",
        "Built things",
        "Developer\t2016 – 2019",
    ]


def test_a_column_of_dates_is_read_with_the_lines_beside_it(make_pdf, text_of):
    def draw(canvas):
        draw_lines(canvas, 50, 720, "Experience", "2020 – Present", "2016 – 2019")
        draw_lines(canvas, 200, 700, "Engineer, Acme Corp", "Developer, Beta Ltd")

    assert text_of(pdf.read(make_pdf(draw))) == [
        "Experience",
        "Engineer, Acme Corp\t2020 – Present",
        "Developer, Beta Ltd\t2016 – 2019",
    ]


def test_the_column_with_the_largest_letters_is_read_first(make_pdf, text_of):
    def draw(canvas):
        draw_lines(canvas, 50, 720, "Contact", "robin@example.com", "Skills", "Python")
        draw_lines(canvas, 250, 745, "Robin Example", size=24)
        draw_lines(canvas, 250, 700, "Engineer")

    assert text_of(pdf.read(make_pdf(draw)))[:2] == ["Robin Example", "Engineer"]


def test_what_runs_along_the_edge_of_each_page_is_read_once_and_first():
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for number, words in ((1, ("One", "Two", "Three", "Four")), (2, ("Five", "Six", "Seven", "Eight"))):
        draw_lines(canvas, 50, 700, *words)
        draw_lines(canvas, 50, 30, f"Robin Example – Curriculum Vitae, {number} of 2")
        canvas.showPage()
    canvas.save()
    lines = [line.text for line in pdf.read(target.getvalue()).lines]
    assert lines[:2] == ["Robin Example – Curriculum Vitae, 1 of 2", "One"]
    assert len(lines) == 9


def test_marks_of_a_list_that_are_drawn_are_list_marks(make_pdf):
    def draw(canvas):
        canvas.circle(62, 703, 2, fill=1)
        draw_lines(canvas, 70, 700, "Built things", "Engineer")

    assert [(line.text, line.bullet) for line in pdf.read(make_pdf(draw)).lines] == [
        ("Built things", True),
        ("Engineer", False),
    ]


def test_words_broken_at_a_hyphen_are_put_together_and_compounds_and_addresses_keep_theirs(make_pdf, text_of):
    def draw(canvas):
        draw_lines(
            canvas,
            50,
            700,
            "Led the imple-",
            "mentation as co-",
            "founder, see linkedin.com/in/anna-",
            "b-77",
        )

    assert text_of(pdf.read(make_pdf(draw))) == [
        "Led the implementation as co-founder, see linkedin.com/in/anna-b-77"
    ]


def test_letters_set_apart_are_words(make_pdf, text_of):
    def draw(canvas):
        text = canvas.beginText(50, 700)
        text.setCharSpace(8)
        text.textLine("EMMA WATERS")
        canvas.drawText(text)

    assert text_of(pdf.read(make_pdf(draw))) == ["EMMA WATERS"]


def test_where_a_word_links_to_is_read_with_it(make_pdf, text_of):
    def draw(canvas):
        canvas.drawString(50, 700, "LinkedIn")
        canvas.linkURL("https://www.linkedin.com/in/robin", (50, 698, 100, 712))
        canvas.drawString(50, 650, "Mail")
        canvas.linkURL("mailto:robin@example.com?subject=Hi", (50, 648, 80, 662))

    assert text_of(pdf.read(make_pdf(draw))) == [
        "LinkedIn\thttps://www.linkedin.com/in/robin",
        "Mail\trobin@example.com",
    ]


def test_text_behind_something_opaque_is_kept_apart_and_text_upon_it_is_read(make_pdf, text_of):
    def draw(canvas):
        canvas.drawString(100, 700, "hire me now")
        canvas.setFillColor(darkblue)
        canvas.rect(90, 600, 300, 200, fill=1, stroke=0)
        canvas.setFillColor(white)
        canvas.drawString(100, 650, "Robin Example")

    document = pdf.read(make_pdf(draw))
    assert (text_of(document), document.hidden) == (["Robin Example"], ["hire me now"])


def test_a_scan_with_recognised_text_is_read_and_says_so(make_pdf, text_of):
    def draw(canvas):
        canvas.drawImage(ImageReader(Image.new("RGB", (8, 8))), 0, 0, *A4)
        text = canvas.beginText(100, 700)
        text.setTextRenderMode(3)
        text.textLine("Robin Example")
        canvas.drawText(text)

    document = pdf.read(make_pdf(draw))
    assert (text_of(document), document.hidden) == (["Robin Example"], [])
    assert "text recognition" in document.warnings[0]


def test_lines_below_each_other_are_not_run_together(make_pdf, text_of):
    def draw(canvas):
        canvas.setFont("Helvetica", 22)
        canvas.drawString(50, 740, "INGRID SØRENSEN-DAHL")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(50, 715, "Writer & Designer")
        canvas.setFont("Helvetica", 14)
        canvas.drawString(50, 690, "Work history")

    assert text_of(pdf.read(make_pdf(draw))) == ["INGRID SØRENSEN-DAHL", "Writer & Designer", "Work history"]
