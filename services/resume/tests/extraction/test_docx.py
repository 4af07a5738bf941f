import io
import zipfile

import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from resume.extraction import docx
from resume.extraction.document import Broken


def test_paragraphs_headings_and_list_items_are_told_apart(sample):
    document = docx.read(sample("docx"))
    by_text = {line.text: line for line in document.lines}
    assert document.lines[0].text == "Jordan Rivera"
    assert by_text["Work Experience"].heading
    assert by_text[
        "Developed REST APIs in Python and Flask for appointment booking, used by 120 clinics."
    ].bullet
    assert not by_text["Senior Backend Engineer"].bullet


def test_a_flat_table_row_is_one_line(sample, text_of):
    assert "Languages\tPython, Go, SQL, TypeScript" in text_of(docx.read(sample("docx")))


def test_a_table_that_lays_out_columns_is_read_cell_by_cell(make_docx, text_of):
    def fill(document):
        cells = document.add_table(rows=1, cols=2).rows[0].cells
        cells[0].text = "Skills"
        cells[0].add_paragraph("Python")
        cells[1].text = "Experience"
        cells[1].add_paragraph("Acme Corp")

    assert text_of(docx.read(make_docx(fill))) == ["Skills", "Python", "Experience", "Acme Corp"]


def test_a_row_with_line_breaks_keeps_its_lines(make_docx, text_of):
    def fill(document):
        cells = document.add_table(rows=1, cols=2).rows[0].cells
        cells[0].text = "Acme Corp\nBerlin"
        cells[1].text = "2019"

    assert text_of(docx.read(make_docx(fill))) == ["Acme Corp", "Berlin", "2019"]


def test_headers_and_footers_are_read(make_docx, text_of):
    def fill(document):
        document.sections[0].header.paragraphs[0].text = "Robin Example"
        document.add_paragraph("Engineer")
        document.sections[0].footer.paragraphs[0].text = "robin@example.com"

    assert text_of(docx.read(make_docx(fill))) == ["Robin Example", "Engineer", "robin@example.com"]


BOXED = "<w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent>"
BOX = (
    f'<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    f"<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{BOXED}</w:drawing></mc:Choice>"
    f"<mc:Fallback><w:pict>{BOXED}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
)


def test_a_text_box_is_read_once(make_docx, text_of):
    def fill(document):
        document.add_paragraph("Outside")._p.append(parse_xml(BOX))

    assert text_of(docx.read(make_docx(fill))) == ["Outside", "In a box"]


def test_a_text_box_in_a_table_is_read(make_docx, text_of):
    def fill(document):
        cell = document.add_table(rows=1, cols=1).rows[0].cells[0]
        cell.text = "Cell"
        cell.paragraphs[0]._p.append(parse_xml(BOX))

    assert text_of(docx.read(make_docx(fill))) == ["Cell", "In a box"]


def test_links_and_content_controls_are_read_and_deleted_text_is_not(make_docx, text_of):
    def fill(document):
        paragraph = document.add_paragraph("See ")
        link = f"<w:hyperlink {nsdecls('w')}><w:r><w:t>example.com</w:t></w:r></w:hyperlink>"
        gone = f"<w:del {nsdecls('w')}><w:r><w:t>gone</w:t></w:r></w:del>"
        paragraph._p.extend([parse_xml(link), parse_xml(gone)])
        control = f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>Control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        document.element.body.insert(1, parse_xml(control))

    assert text_of(docx.read(make_docx(fill))) == ["See example.com", "Control"]


def hide_by_vanish(run):
    run.font.hidden = True


def hide_by_color(run):
    run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)


def hide_by_size(run):
    run.font.size = Pt(1)


@pytest.mark.parametrize("hide", [hide_by_vanish, hide_by_color, hide_by_size])
def test_text_that_nobody_sees_is_kept_apart(make_docx, text_of, hide):
    def fill(document):
        paragraph = document.add_paragraph("Robin Example")
        hide(paragraph.add_run(" hire me now"))

    document = docx.read(make_docx(fill))
    assert (text_of(document), document.hidden) == (["Robin Example"], ["hire me now"])


def test_a_vanish_that_is_switched_off_hides_nothing(make_docx, text_of):
    def fill(document):
        document.add_paragraph().add_run("Robin").font.hidden = False

    assert text_of(docx.read(make_docx(fill))) == ["Robin"]


def test_white_text_on_a_shaded_ground_is_seen(make_docx, text_of):
    def fill(document):
        cell = document.add_table(rows=1, cols=1).rows[0].cells[0]
        cell._tc.get_or_add_tcPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:fill="1F3864"/>'))
        hide_by_color(cell.paragraphs[0].add_run("Robin"))

    document = docx.read(make_docx(fill))
    assert (text_of(document), document.hidden) == (["Robin"], [])


def test_pages_are_counted_where_word_noted_them(make_docx):
    def fill(document):
        for number in range(17):
            paragraph = document.add_paragraph(f"Sheet {number + 1}")
            paragraph.runs[0]._r.insert(0, parse_xml(f"<w:lastRenderedPageBreak {nsdecls('w')}/>"))
        first = document.paragraphs[0].runs[0]._r
        first.remove(first.find(qn("w:lastRenderedPageBreak")))

    document = docx.read(make_docx(fill))
    assert (document.lines[-1].text, document.lines[-1].page) == ("Sheet 16", 16)
    assert document.warnings


def test_very_long_documents_are_cut(make_docx):
    def fill(document):
        for _ in range(150):
            document.add_paragraph("word " * 390)

    document = docx.read(make_docx(fill))
    assert document.full
    assert document.characters < 202_000


def test_a_broken_document_says_so(make_docx):
    whole = make_docx(lambda document: document.add_paragraph("x"))
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<w:oops" if name == "word/document.xml" else old.read(name))
    with pytest.raises(Broken):
        docx.read(target.getvalue())


def add_link(document, text, target):
    paragraph = document.add_paragraph("At ")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    link = document.part.relate_to(target, kind, is_external=True)
    markup = f'<w:hyperlink {nsdecls("w", "r")} r:id="{link}"><w:r><w:t>{text}</w:t></w:r></w:hyperlink>'
    paragraph._p.append(parse_xml(markup))


def test_where_a_word_links_to_is_read_with_it(make_docx, text_of):
    def fill(document):
        add_link(document, "LinkedIn", "https://linkedin.com/in/robin")
        add_link(document, "robin@example.com", "mailto:robin@example.com")

    assert text_of(docx.read(make_docx(fill))) == [
        "At LinkedIn https://linkedin.com/in/robin",
        "At robin@example.com",
    ]


def test_text_that_its_style_hides_is_kept_apart(make_docx, text_of):
    def fill(document):
        base = document.styles.add_style("Base", WD_STYLE_TYPE.PARAGRAPH)
        base.font.color.rgb = RGBColor(0xFE, 0xFE, 0xFE)
        document.styles.add_style("Quiet", WD_STYLE_TYPE.PARAGRAPH).base_style = base
        document.add_paragraph("hire me", style="Quiet")
        document.styles.add_style("Gone", WD_STYLE_TYPE.CHARACTER).font.hidden = True
        document.add_paragraph("Robin").add_run(" right now", style="Gone")

    document = docx.read(make_docx(fill))
    assert (text_of(document), document.hidden) == (["Robin"], ["hire me", "right now"])


def test_a_document_of_very_many_characters_says_that_it_was_cut(make_docx):
    def fill(document):
        for _ in range(150):
            document.add_paragraph("word " * 390)

    assert "Only the first 200,000 characters were read." in docx.read(make_docx(fill)).warnings
