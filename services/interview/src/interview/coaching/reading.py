"""An answer as it was read: its sentences, the parts of a story in it, what it is about, and what it is judged by."""

from dataclasses import dataclass

from interview.coaching import features, rubrics, star
from interview.coaching.features import Subject
from interview.coaching.rubrics import Rubric
from interview.coaching.star import Star
from interview.coaching.transcript import Line, Transcript
from interview.questions.question import Kind, Question
from interview.text import vocabulary, words

ANY_WORK = ("experience", "ownership")
STORIES = (Kind.BEHAVIOURAL, Kind.MIXED)


@dataclass(frozen=True)
class Reading:
    """An answer read against its question, once: everything that whoever judges it looks at."""

    question: Question
    rubric: Rubric
    transcript: Transcript
    story: Star
    subject: Subject

    @property
    def telling(self) -> list[int]:
        """The sentences that tell something: a part of the story, or words of the subject."""
        parts = {number for numbers in self.story.sentences.values() for number in numbers}
        parts |= {number for number, _ in (*self.story.own_actions, *self.story.shared_actions)}
        return [
            line.number
            for line in self.transcript.counted
            if line.number in parts or line.content & self.subject.stems
        ]

    @property
    def telling_lines(self) -> list[Line]:
        """The sentences of `telling` themselves."""
        numbers = set(self.telling)
        return [line for line in self.transcript.counted if line.number in numbers]

    @property
    def telling_stems(self) -> frozenset[str]:
        """Every distinct stem with meaning that these sentences have and the question has not."""
        stems = frozenset[str]().union(*(line.content for line in self.telling_lines))
        return stems - words.content(self.transcript.question)


def read(question: Question, answer: str) -> Reading:
    """Return the answer read against its question, with the rubric it is judged by."""
    transcript = Transcript(question.text, answer)
    subject = Subject(_stems(question), question.kind in STORIES, bool(question.points))
    return Reading(question, rubrics.for_question(question), transcript, star.find(transcript), subject)


def _stems(question: Question) -> frozenset[str]:
    """Return the stems answers are expected to use; what is said in any story about work belongs to no subject."""
    phrases = " ".join(phrase for point in question.points for phrase in point.any)
    competency = vocabulary.competencies().get(question.competency, {}).get("words", "")
    own = words.content(f"{question.text} {' '.join(question.topics)} {phrases}")
    if question.competency in ANY_WORK:
        return own | words.content(competency)
    return own | (words.content(competency) - features.work_stems())
