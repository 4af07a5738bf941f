from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from interview.coaching import sentences


@given(st.text(max_size=2_000))
def test_every_sentence_is_a_slice_of_the_answer(answer: str) -> None:
    numbered = sentences.split(answer)
    assert [sentence.number for sentence in numbered] == list(range(1, len(numbered) + 1))
    assert all(answer[sentence.start : sentence.end] == sentence.text for sentence in numbered)
    assert all(sentence.text == sentence.text.strip() and sentence.text for sentence in numbered)
    assert all(left.end <= right.start for left, right in pairwise(numbered))


def test_sentences_end_at_stops_and_lines_but_not_at_abbreviations_or_decimals() -> None:
    answer = "I used e.g. Redis and v. 3.5 of it. It was fast!\n- Then we stopped\n\nDone?"
    assert [sentence.text for sentence in sentences.split(answer)] == [
        "I used e.g. Redis and v. 3.5 of it.",
        "It was fast!",
        "- Then we stopped",
        "Done?",
    ]


def test_a_dictated_answer_without_stops_is_cut_where_one_draws_breath() -> None:
    answer = " ".join(
        ["so I was on this team and we had a big problem with the release and then I fixed it"] * 5
    )
    assert len(sentences.split(answer)) > 3


def test_what_comes_after_three_hundred_sentences_is_not_read() -> None:
    assert len(sentences.split("I did it. " * 2_000)) == sentences.MAX_SENTENCES
