import pytest

from interview.coaching import features, reading, star
from interview.coaching.features import Relevance
from interview.coaching.transcript import Transcript
from interview.questions.question import Kind, Level, Question
from interview.text import figures, words

QUESTION = Question(
    text="Tell me about a deadline you nearly missed.",
    kind=Kind.BEHAVIOURAL,
    level=Level.MID,
    competency="prioritisation",
)
STORY = (
    "Last year our team was building a shop. I needed to finish the payment page. "
    "I removed two reports and wrote the tests first. As a result we launched on time with 3 bugs."
)


def test_the_parts_of_a_story_are_found_with_their_sentences() -> None:
    story = star.find(Transcript(QUESTION.text, STORY))
    assert story.sentences == {"situation": (1,), "task": (2,), "action": (3,), "result": (4,)}
    assert [verb for _, verb in story.own_actions] == ["removed", "wrote"]
    assert story.parts_told == 4
    assert story.in_order


def test_parts_that_are_named_are_found_where_they_are_named() -> None:
    answer = (
        "Situation: Our checkout page took eight seconds.\n- **Task**: Two seconds at most, before the sale.\n"
        "Action: I profiled the queries and I added an index.\nResult: Nobody leaves the page before it shows."
    )
    story = star.find(Transcript(QUESTION.text, answer))
    assert story.sentences == {"situation": (1,), "task": (2,), "action": (3,), "result": (4,)}
    assert story.in_order


def test_a_story_that_begins_with_its_end_is_out_of_order() -> None:
    parts = STORY.split(". ")
    assert not star.find(Transcript(QUESTION.text, ". ".join(reversed(parts)))).in_order


def test_naming_the_place_sets_the_scene_and_mentioning_the_team_does_not() -> None:
    answer = (
        "At Northwind our API answered in 900 ms. "
        "I moved its reads to Redis, and I agreed with the team on limits."
    )
    assert star.find(Transcript(QUESTION.text, answer)).sentences["situation"] == (1,)


def test_what_only_we_did_is_no_action_of_ones_own() -> None:
    story = star.find(Transcript(QUESTION.text, "We rewrote the importer and we deployed it."))
    assert story.own_actions == ()
    assert len(story.shared_actions) == 2
    assert story.sentences["action"] == (1,)


def test_a_verb_alone_is_no_action() -> None:
    assert star.find(Transcript(QUESTION.text, "I led. I built. I wrote.")).own_actions == ()


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("we cut errors by 40%", True),
        ("it took three weeks", True),
        ("it cost $1,200", True),
        ("it was in 2021", False),
        ("we used python 3.11", False),
        ("in q3 we shipped", False),
        ("the b2b team", False),
        ("no figure here", False),
    ],
)
def test_a_figure_is_a_number_that_is_not_a_date_or_a_version(text: str, has: bool) -> None:
    assert figures.has_figure(text) is has


def test_i_and_we_are_told_apart() -> None:
    lines = Transcript(
        QUESTION.text, "I wrote it. We shipped it. My manager praised our plan. Nobody knew."
    ).counted
    assert features.first_person(lines) == [1, 3]
    assert features.plural(lines) == [2]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (STORY + " I set priorities with my manager and postponed two reports.", Relevance.ABOUT_IT),
        (
            "Tulips should be planted in autumn and the bulbs want a dry and sunny soil to bloom.",
            Relevance.ABOUT_SOMETHING_ELSE,
        ),
        (
            "My team ran a database for a client. I wrote a report about the system, and then I tested the software "
            "with an engineer from the product department.",
            Relevance.UNSURE,
        ),
    ],
)
def test_an_answer_is_compared_with_what_was_asked(answer: str, expected: Relevance) -> None:
    answered = reading.read(QUESTION, answer)
    assert features.relevance(answered.transcript, answered.subject)[0] is expected


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


def test_a_bare_list_of_terms_makes_no_point() -> None:
    lines = Transcript(QUESTION.text, "Index, B-tree, selectivity, writes.").counted
    assert features.saying(lines, ["b-tree"]) == []
