import io
import zipfile

import docx
import pytest

from resume.upload import checks
from resume.upload.checks import IncomingFile
from resume.upload.file_kind import FileKind


def refused(name: str, data: bytes) -> checks.FileValidationError:
    with pytest.raises(checks.FileValidationError) as caught:
        checks.check(IncomingFile(name, data))
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_the_samples_are_accepted(sample, kind):
    checked = checks.check(IncomingFile(f"CV.{kind.upper()}", sample(kind)))
    assert (checked.name, checked.kind) == (f"CV.{kind.upper()}", FileKind(kind))


@pytest.mark.parametrize("name", ["cv.txt", "cv.md", "cv.markdown", "cv.text"])
def test_text_is_accepted_under_its_usual_extensions(name):
    assert checks.check(IncomingFile(name, "Zoë Example".encode())).kind in (FileKind.TXT, FileKind.MD)


@pytest.mark.parametrize("data", ["Zoë".encode("utf-16"), "Zoë".encode("cp1252"), b"\xef\xbb\xbfZoe"])
def test_text_may_come_in_the_encodings_that_editors_write(data):
    assert checks.check(IncomingFile("cv.txt", data)).data == data


def test_a_text_file_named_pdf_is_refused():
    error = refused("cv.pdf", b"I am a plain text file.")
    assert error.code == "file_content_mismatch"
    assert "not a PDF" in error.detail


def test_a_pdf_named_txt_is_refused(sample):
    assert refused("cv.txt", sample("pdf")).code == "file_content_mismatch"


def test_a_pdf_named_docx_is_refused(sample):
    assert refused("cv.docx", sample("pdf")).code == "file_content_mismatch"


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03" * 20, b"\x01\x02\x03abc" * 20])
def test_bytes_that_are_no_text_are_refused_as_text(data):
    assert refused("cv.txt", data).code == "file_content_mismatch"


@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_refused(data):
    assert refused("cv.txt", data).code == "empty_file"


def test_a_file_of_five_mebibytes_is_accepted_and_one_byte_more_is_not():
    exactly = b"a" * checks.MAX_BYTES
    assert checks.check(IncomingFile("cv.txt", exactly)).data == exactly
    assert refused("cv.txt", exactly + b"a").code == "file_too_large"


@pytest.mark.parametrize("name", ["cv.exe", "cv", "cv.", ".pdf.exe", "cv.pdf\u202etxt.exe", ""])
def test_other_extensions_are_refused_with_those_that_are_taken(name):
    error = refused(name, b"MZ")
    assert error.code == "unsupported_file_type"
    assert "PDF, DOCX, TXT or MD" in error.detail


def test_an_old_word_file_is_refused_with_what_to_do():
    assert ".docx" in refused("cv.doc", b"\xd0\xcf\x11\xe0").detail
    assert "old .doc" in refused("cv.docx", checks.OLD_WORD_MARK + b"\0" * 512).detail


def test_an_encrypted_pdf_is_refused(encrypted_pdf):
    error = refused("cv.pdf", encrypted_pdf)
    assert error.code == "encrypted_file"
    assert "without password" in error.detail


XREF = b"xref\n0 1\n0000000000 65535 f \n"


@pytest.mark.parametrize(
    "trailer",
    [
        XREF + b"trailer\n<</Size 1 /Root 1 0 R /Encrypt 9 0 R>>",
        XREF + b"trailer<</ID[(a\\)b(c)) <00>] /Encrypt<</Filter/Standard>>>>",
        b"7 0 obj\n<</Type/XRef /DecodeParms<</Columns 4>> % a note\n/Encrypt 9 0 R>>stream",
    ],
)
def test_an_encrypted_pdf_is_refused_by_its_trailer_whatever_form_it_has(trailer):
    head = b"junk before %PDF-1.7\n"
    data = head + trailer + b"\nstartxref\n%d\n%%%%EOF" % (len(head) - len(b"junk before "))
    assert refused("cv.pdf", data).code == "encrypted_file"


@pytest.mark.parametrize(
    "text",
    [
        b"%PDF-1.4 (I know /EncryptMetadata and /Encrypt well)",
        b"%PDF-1.4\n(trailer <</Encrypt 9 0 R>>)\nstartxref\n0\n",
        b"%PDF-1.4\nxref\ntrailer<</Info<</Encrypt 9 0 R>>/ID(a (b) \\) /Encrypt 9 0 R)>>\nstartxref\n9\n",
        b"%PDF-1.4\nxref\ntrailer<</Info 9 0 R \nstartxref\n9\n",
        b"%PDF-1.4\nstartxref\n999999",
    ],
)
def test_a_pdf_that_talks_about_encryption_is_accepted(text):
    assert checks.check(IncomingFile("cv.pdf", text)).kind is FileKind.PDF


def test_an_encrypted_word_document_is_refused():
    data = checks.OLD_WORD_MARK + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le")
    assert refused("cv.docx", data).code == "encrypted_file"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/cv.pdf", "cv.pdf"),
        ("C:\\Users\\me\\cv.pdf", "cv.pdf"),
        ("c\x00v\x07\u202e.pdf", "cv.pdf"),
        ("my \t\n cv.pdf", "my cv.pdf"),
        ("lebenslauf  Zo\u0065\u0308.pdf", "lebenslauf Zoë.pdf"),
        ("a" * 400 + ".pdf", "a" * 251 + ".pdf"),
        ("履歴書.pdf", "履歴書.pdf"),
    ],
)
def test_a_name_is_cleaned_and_keeps_its_extension(sent, kept):
    assert checks.clean_name(sent) == kept


def test_a_long_name_without_extension_is_cut():
    assert checks.clean_name("a" * 300) == "a" * 255


def test_a_name_of_nothing_but_an_extension_gets_one_in_front():
    assert checks.check(IncomingFile("\u202e .txt", b"text")).name == "resume.txt"


def test_a_download_is_offered_under_any_name():
    header = checks.attachment('Zoë "x"\\%.pdf')
    assert header.isascii()
    assert header.startswith("attachment; filename=\"Zo_ _x___.pdf\"; filename*=UTF-8''Zo%C3%AB")


# Word documents that are refused before anything opens them


def test_an_archive_with_too_many_entries_is_refused(make_archive):
    data = make_archive({f"word/{number}.xml": "" for number in range(501)})
    assert refused("cv.docx", data).code == "archive_too_large"


def test_an_archive_that_swells_is_refused(make_archive):
    assert refused("cv.docx", make_archive({"word/x.xml": b"\0" * 60_000_000})).code == "archive_too_large"
    assert refused("cv.docx", make_archive({"word/x.xml": b" " * 1_000_000})).code == "archive_too_large"


def test_markup_that_unpacks_to_more_than_a_tree_of_it_may_take_is_refused(make_archive):
    rows = [f"<w:p id='{number * 7919 % 1_000_003}'/>" for number in range(200_000)]
    part = "".join(rows)
    assert checks.check(IncomingFile("cv.docx", make_archive({"word/a.xml": part}))).kind is FileKind.DOCX
    for name in ("word/b.xml", "word/b.png"):
        error = refused("cv.docx", make_archive({"word/a.xml": part, name: part}))
        assert error.code == "archive_too_large"


def test_relations_that_swell_are_refused(make_archive):
    text = "".join(f"<a{number}/>" for number in range(150_000))
    assert refused("cv.docx", make_archive({"word/_rels/a.rels": text})).code == "archive_too_large"


@pytest.mark.parametrize(
    "name",
    [
        "word/vbaProject.bin",
        "word/activeX/activeX1.xml",
        "word/embeddings/oleObject1.bin",
        "word/inner.docx",
        "x.zip",
    ],
)
def test_macros_controls_and_files_inside_are_refused(make_archive, name):
    assert refused("cv.docx", make_archive({name: "x"})).code == "unsafe_file"


def test_macros_that_only_the_content_types_admit_are_refused(make_archive):
    types = '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    assert "macros" in refused("cv.docx", make_archive({"[Content_Types].xml": types})).detail


def test_what_loads_from_elsewhere_is_refused_and_links_are_not(make_archive):
    relation = '<R><Relationship Id="1" Type="http://x/{}" Target="http://y" TargetMode="External"/></R>'
    part = "word/_rels/document.xml.rels"
    assert refused("cv.docx", make_archive({part: relation.format("attachedTemplate")})).code == "unsafe_file"
    checks.check(IncomingFile("cv.docx", make_archive({part: relation.format("hyperlink")})))


@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/_rels/document.xml.rels", "[Content_Types].xml", "docProps/core.xml"]
)
def test_entities_of_its_own_are_refused(make_archive, part):
    markup = '<?xml version="1.0"?><!DOCTYPE lol [<!ENTITY lol "lol">]><w>&lol;</w>'
    assert refused("cv.docx", make_archive({part: markup})).code == "unsafe_file"


def test_markup_in_two_byte_characters_is_refused_where_it_is_checked(make_archive):
    data = make_archive({"word/_rels/document.xml.rels": "<Relationships/>".encode("utf-16")})
    assert refused("cv.docx", data).code == "unsafe_file"


def test_an_archive_that_is_no_word_document_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refused("cv.docx", target.getvalue()).code == "broken_document"


def test_a_cut_off_archive_is_refused(sample):
    assert refused("cv.docx", sample("docx")[:20_000]).code == "broken_document"


def test_an_archive_with_an_encrypted_entry_is_refused(make_archive):
    data = bytearray(make_archive())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    assert refused("cv.docx", bytes(data)).code == "unsafe_file"


def test_a_document_that_word_writes_is_accepted():
    target = io.BytesIO()
    docx.Document().save(target)
    assert checks.check(IncomingFile("cv.docx", target.getvalue())).kind is FileKind.DOCX
