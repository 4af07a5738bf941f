import pytest

from interview.text import words


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("deployed", "deploy"),
        ("queries", "query"),
        ("indexes", "index"),
        ("stopped", "stop"),
        ("prioritised", "prioritized"),
    ],
)
def test_forms_of_a_word_share_their_stem(word: str, other: str) -> None:
    assert words.stem(word) == words.stem(other)


def test_a_phrase_is_said_when_all_its_words_are() -> None:
    sentence = frozenset(words.stems("Every insert is slower because the index is maintained."))
    assert words.says(sentence, ["slower inserts"])
    assert not words.says(sentence, ["slower reads"])
