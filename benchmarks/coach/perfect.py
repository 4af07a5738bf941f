"""What the score rule makes of perfect verdicts: a model played by the labels of the seen half, on the whole path.

It measures the rule, not a model: what is out of order here no model could put right.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import data
import measures
from data import Grade, Part, Sentence
from measures import Half

from interview.coaching import llm_judge, reading
from interview.coaching.judge_reply import CANNOT_ASSESS, JudgedCriterion, JudgeReply
from interview.coaching.reading import Reading
from interview.coaching.rubrics import POINT, CheckedBy, Criterion, Scale
from interview.questions.question import Question
from llm.chain import Chain, Policy
from llm.scripted import Scripted

PARTS = {
    "situation": Part.SITUATION,
    "task": Part.TASK,
    "action": Part.ACTION,
    "result": Part.RESULT,
    "reflection": Part.REFLECTION,
    "reasons": Part.WHY,
    "example": Part.EXPERIENCE,
}
FLAWLESS = ("on_topic", "credible", "tone", "structure")
FULL = 3


def reached(criterion: Criterion, sentences: Sequence[Sentence]) -> tuple[int | None, list[Sentence]]:
    """Return the step the labels say an answer reaches, None where they say nothing of it, and the sentences for it."""
    if criterion.id in FLAWLESS:
        return FULL, list(sentences[:1])
    if criterion.main:
        right = [sentence for sentence in sentences if 0 in sentence.made]
        wrong = any(0 in sentence.contradicted for sentence in sentences)
        level = max((sentence.evidence for sentence in right), default=0)
        return (0 if not right else 1 if wrong else max(2, level)), right
    if criterion.id.startswith(POINT):
        number = int(criterion.id.removeprefix(POINT))
        made = [sentence for sentence in sentences if number in sentence.made]
        return (FULL if made else 0), made
    if criterion.id in PARTS:
        telling = sorted(
            (sentence for sentence in sentences if PARTS[criterion.id] in sentence.parts),
            key=lambda sentence: -sentence.evidence,
        )
        return (telling[0].evidence if telling else 0), telling
    if criterion.id == "detail":
        concrete = [sentence for sentence in sentences if sentence.evidence >= 2]
        return min(FULL, len(concrete)), concrete
    if criterion.id in ("correctness", "soundness"):
        wrong = any(sentence.contradicted for sentence in sentences)
        return (0 if wrong else FULL), list(sentences[:1])
    return None, []


def judged(read: Reading, criterion: Criterion, sentences: Sequence[Sentence]) -> JudgedCriterion:
    """Return the labels' verdict as a model would write it."""
    level, shown = reached(criterion, sentences)
    texts = {sentence.text for sentence in shown}
    numbers = [line.number for line in read.transcript.counted if any(line.text in text for text in texts)]
    if level is None or (level and not numbers):
        return JudgedCriterion(verdict=CANNOT_ASSESS)
    verdict = str(level) if criterion.scale is Scale.FOUR_STEP else "MET" if level >= 1 else "UNMET"
    return JudgedCriterion(sentences=tuple(numbers[:3]), verdict=verdict)


def score(question: Question, sentences: Sequence[Sentence]) -> float | None:
    """Return the score of an answer that a model judges as its labels say."""
    read = reading.read(question, data.spoken(sentences))
    asked = [criterion for criterion in read.rubric.criteria if criterion.checked_by is not CheckedBy.CODE]
    reply = JudgeReply(criteria={criterion.id: judged(read, criterion, sentences) for criterion in asked})
    chain = Chain([Scripted([reply], name="labels")], Policy(retries=0))
    return asyncio.run(llm_judge.evaluate(chain, read)).score


def main() -> None:
    """Print how often the answers of a question are in order, by perfect verdicts and by length alone."""
    half = Half("seen", data.seen(), ())
    scores = [
        {grade: score(measures.judged(item), item.answers[grade]) for grade in Grade}
        for item in half.questions
    ]
    lengths = measures.lengths(half)
    print("| what | perfect verdicts | length alone |\n| --- | --- | --- |")
    for name, better, worse in measures.ORDERS:
        print(
            f"| {name} | {measures.order(scores, better, worse)} | {measures.order(lengths, better, worse)} |"
        )
    print(f"| excellent over decent over weak | {measures.in_order(scores)} | {measures.in_order(lengths)} |")
    print(f"| answers with a number | {measures.numbered(scores)} | |")
    for grade, mean in measures.means(scores).items():
        print(f"| mean score, {grade.value.replace('_', ' and ')} | {mean:.0f} | |")


if __name__ == "__main__":
    main()
