import pytest

from interview.text import language


@pytest.mark.parametrize(
    "text",
    [
        "Im letzten Jahr hat unser Team eine neue Kasse eingeführt, und ich habe alle geschult.",
        "En mi trabajo anterior tuvimos un problema con la base de datos y yo lo arreglé.",
        "Geçen yıl ekibimiz yeni bir sistem kurdu ve ben eğitim verdim.",
        "我们的数据库坏了，我修好了它，然后写了一份报告给经理。",
    ],
)
def test_other_languages_are_told(text: str) -> None:
    assert language.is_other(text)


@pytest.mark.parametrize(
    "text", ["", "ok", "asdf qwer zxcv uiop hjkl vbnm", "I fixed it and we shipped on time.", "!!! 123 ???"]
)
def test_english_noise_and_nothing_are_no_other_language(text: str) -> None:
    assert not language.is_other(text)
