import pytest

from interview.coaching import judge_reply, rubrics
from interview.coaching.rubrics import CheckedBy, Criterion
from interview.questions import bank
from interview.questions.question import Kind, Level, Point, Question
from llm import schema_adapters
from llm.parameters import Form

QUESTION = Question(
    text="How does a cache help?",
    kind=Kind.TECHNICAL,
    level=Level.MID,
    competency="caching",
    points=(Point(point="Says what is kept", any=()), Point(point="Says when it is stale", any=())),
)


def asked(question: Question) -> list[Criterion]:
    criteria = rubrics.for_question(question).criteria
    return [criterion for criterion in criteria if criterion.checked_by is not CheckedBy.CODE]


def openai(sentences: list[int], *, story: bool = False) -> dict[str, object]:
    return schema_adapters.openai(judge_reply.shape(asked(QUESTION), sentences, story=story))


def unbounded(node: object) -> list[object]:
    """Return every list and free text of a schema that has no bound, and every object that may grow."""
    if isinstance(node, list):
        return [part for item in node for part in unbounded(item)]
    if not isinstance(node, dict):
        return []
    wild = [part for value in node.values() for part in unbounded(value)]
    match node.get("type"):
        case "array" if "maxItems" not in node:
            wild.append(node)
        case "string" if "maxLength" not in node and "enum" not in node:
            wild.append(node)
        case "integer" if "enum" not in node and "maximum" not in node:
            wild.append(node)
        case "object" if node.get("additionalProperties") is not False:
            wild.append(node)
    return wild


def test_there_is_a_key_for_each_criterion_and_none_can_be_left_out() -> None:
    criteria = openai([1, 2, 4])["properties"]["criteria"]
    assert (
        criteria["required"]
        == list(criteria["properties"])
        == [criterion.id for criterion in asked(QUESTION)]
    )
    assert {"main", "point_1", "point_2", "correctness"} <= set(criteria["properties"])


def test_a_verdict_is_a_word_of_its_criterions_scale_and_evidence_a_sentence_there_is() -> None:
    criteria = openai([1, 2, 4])["properties"]["criteria"]["properties"]
    assert criteria["main"]["properties"]["verdict"]["enum"] == ["0", "1", "2", "3", "CANNOT_ASSESS"]
    assert criteria["tone"]["properties"]["verdict"]["enum"] == ["MET", "UNMET", "CANNOT_ASSESS"]
    assert criteria["tone"]["properties"]["sentences"]["items"]["enum"] == [1, 2, 4]
    assert list(criteria["tone"]["properties"]) == ["reason", "sentences", "verdict"]


@pytest.mark.parametrize("count", [1, 40, 300])
def test_nothing_in_the_schema_is_without_a_bound(count: int) -> None:
    schema = openai(list(range(1, count + 1)), story=True)
    assert unbounded(schema) == []
    assert str(schema).count(", ") < 2_000


def test_only_a_story_has_parts() -> None:
    assert "story" not in openai([1])["properties"]
    assert list(openai([1], story=True)["properties"]["story"]["properties"]) == list(judge_reply.STORY)


def test_every_question_of_the_bank_has_a_schema_in_both_dialects_and_all_forms() -> None:
    for question in bank.questions():
        shape = judge_reply.shape(asked(question.at(Level.MID)), [1, 2, 3], story=True)
        for form in (Form.BOUNDED, Form.WITHOUT_LENGTHS, Form.UNBOUNDED):
            for compiled in (schema_adapters.openai(shape, form), schema_adapters.gemini(shape, form)):
                assert list(compiled["properties"]) == ["criteria", "story", "summary", "advice", "rewrite"]
                assert compiled["required"] == list(compiled["properties"])


def test_what_breaks_the_bounds_is_read_all_the_same() -> None:
    shape = judge_reply.shape(asked(QUESTION), [1, 2], story=False)
    content = '{"criteria": {"main": {"reason": "x", "sentences": [1, 2, 3, 4, 99], "verdict": "9"}}, "summary": "a"}'
    reply = schema_adapters.read(content, shape)
    assert reply.criteria["main"].sentences == (1, 2, 3, 4, 99)
    assert reply.criteria["main"].verdict == "9"
