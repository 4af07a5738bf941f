"""An answer as it was read: its sentences, what each does, how much of it could be checked, what it is near to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from interview.coaching import claim_features, heads, rubrics, sentence_features
from interview.coaching.heads import Part
from interview.coaching.rubrics import Criterion, Rubric
from interview.coaching.sentence_features import Matrix
from interview.coaching.transcript import Exclusion, Line, Transcript
from interview.embeddings.encoder import DIMENSIONS
from interview.questions.question import Kind, Question, SampleAnswers
from interview.text import language, words

STORIES = (Kind.BEHAVIOURAL, Kind.MIXED)
STORY_PARTS = (Part.SITUATION, Part.TASK, Part.ACTION, Part.RESULT, Part.REFLECTION)
EXPLANATION_PARTS = (Part.STATEMENT, Part.REASON, Part.EXPERIENCE)
CONCRETE = 1.5  # evidence from which a sentence counts as concrete: halfway from vague (1) to concrete (2)
CHECKABLE = 2.4
SENTENCE_WORDS = 4
SENTENCE_FUNCTION_SHARE = 0.15


@dataclass(frozen=True)
class Reading:
    """An answer read against its question, once: everything that whoever judges it looks at.

    `lines` are those that count and are sentences; the rows of `features` stand in their order.
    """

    question: Question
    rubric: Rubric
    transcript: Transcript
    lines: tuple[Line, ...]
    features: Matrix

    @property
    def is_story(self) -> bool:
        """Whether the question asks for something that happened."""
        return self.question.kind in STORIES

    @cached_property
    def evidence(self) -> dict[int, float]:
        """By sentence number, how much of it could be checked: 0 (empty) to 3 (a fact)."""
        levels = heads.load().evidence_of(self.features)
        return {line.number: float(level) for line, level in zip(self.lines, levels, strict=True)}

    @cached_property
    def parts(self) -> dict[Part, tuple[int, ...]]:
        """The numbers of the sentences that do each part."""
        return {
            part: tuple(line.number for line, score in zip(self.lines, scores, strict=True) if score > 0)
            for part, scores in heads.load().part_scores(self.features).items()
        }

    @property
    def in_other_language(self) -> bool:
        """Whether nothing of the answer could be read because it is not in English."""
        return not self.transcript.counted and language.is_other(self.transcript.answer)

    @cached_property
    def telling(self) -> frozenset[int]:
        """The sentences that do something for the answer: a part of a story, or of an explanation."""
        parts = STORY_PARTS if self.is_story else EXPLANATION_PARTS
        return frozenset(number for part in parts for number in self.parts[part])

    @property
    def denials(self) -> frozenset[int]:
        """The sentences of an explanation that refuse or deny what was asked about."""
        return frozenset() if self.is_story else frozenset(self.parts[Part.DENIAL])

    @property
    def parts_of_story(self) -> dict[str, tuple[int, ...]]:
        """The strongest sentences of each part of the story, by its name; an explanation has none."""
        return {part.value: self.strongest(part) for part in STORY_PARTS} if self.is_story else {}

    def strongest(self, part: Part) -> tuple[int, ...]:
        """Return the sentences of a part, that with most evidence first."""
        return tuple(highest_first(self.parts[part], self.evidence))

    @cached_property
    def claim_features(self) -> dict[str, Matrix]:
        """By point, and for the main thing, a row for each sentence: how it stands to what was to be said."""
        criteria = [
            criterion
            for criterion in self.rubric.criteria
            if criterion.main or criterion.id.startswith(rubrics.POINT)
        ]
        evidence = np.array([self.evidence[line.number] for line in self.lines], np.float32)
        vectors = self.features[:, :DIMENSIONS]
        return claim_features.of(self.lines, vectors, evidence, self.question.text, criteria)

    def saying(self, criterion: Criterion) -> dict[int, float]:
        """Return each sentence's score for a point or the main thing; above 0 it is likely to say it."""
        weights = heads.load()
        head = weights.main if criterion.main else weights.point
        scores = head.scores(self.claim_features[criterion.id])
        return {line.number: float(score) for line, score in zip(self.lines, scores, strict=True)}

    def nearness(self, samples: Sequence[str]) -> dict[int, float]:
        """Return by sentence number the cosine to the nearest of the samples; -1 where there are none."""
        if not samples or not self.lines:
            return {line.number: -1.0 for line in self.lines}
        cosines = self.features[:, :DIMENSIONS] @ sentence_features.meaning(samples).T
        return {
            line.number: float(cosine) for line, cosine in zip(self.lines, cosines.max(axis=1), strict=True)
        }

    @property
    def sample(self) -> SampleAnswers | None:
        """The bank's own answers to the question."""
        return self.question.guidance.answers if self.question.guidance else None


def highest_first(numbers: Iterable[int], scores: Mapping[int, float]) -> list[int]:
    """Return sentence numbers by their scores, the highest first; of equal ones the earlier sentence."""
    return sorted(numbers, key=lambda number: (-scores[number], number))


def read(question: Question, answer: str) -> Reading:
    """Return the answer read against its question, with the rubric it is judged by. It takes about 11 ms a sentence."""
    transcript = Transcript(question.text, answer, _bank(question))
    features = _features(transcript)
    scores = heads.load().addressed.scores(features)
    addressed = frozenset(
        line.number for line, score in zip(_lines(transcript), scores, strict=True) if score > 0
    )
    if addressed:
        transcript = transcript.without(addressed, Exclusion.ADDRESSED_TO_JUDGE)
        features = _features(transcript)
    return Reading(question, rubrics.for_question(question), transcript, _lines(transcript), features)


def _features(transcript: Transcript) -> Matrix:
    return sentence_features.of(tuple(line.text for line in _lines(transcript)))


def _lines(transcript: Transcript) -> tuple[Line, ...]:
    return tuple(line for line in transcript.counted if _is_sentence(line))


def _bank(question: Question) -> tuple[str, ...]:
    """Return the texts about a question that whoever practises may have read."""
    texts = [point.point for point in question.points]
    if question.guidance is not None:
        texts.append(question.guidance.main)
        if question.guidance.answers is not None:
            texts += [question.guidance.answers.decent, question.guidance.answers.excellent]
    return tuple(texts)


def _is_sentence(line: Line) -> bool:
    """Return whether a line is a sentence with something of its own, and no list of terms or bare cues."""
    tokens = words.tokens(line.text)
    return (
        len(tokens) >= SENTENCE_WORDS
        and words.function_share(tokens) >= SENTENCE_FUNCTION_SHARE
        and bool(line.content)
    )
