"""Train the heads of the built-in coach on the seen half of the data and the training part: `make train-coach`.

Logistic regressions for the parts, for points and for the main thing, a ridge regression for the evidence. How well
they do is measured on questions that were left out, a sixth at a time; the weights kept are those of all sentences.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import data
import measures
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from interview.coaching import claim_features, heads, reading, relevance, rubrics, sentence_features
from interview.coaching.heads import Part
from interview.coaching.sentences import split

INTERVIEW = Path(heads.__file__).parents[1]
LETTERS = dict(zip([part for part in Part if part is not Part.DENIAL], "STARLPWX", strict=True))
STORY = "STARL"
REGULARISATION = 3.0
RIDGE = 1.5
FOLDS = 6
FURTHER = (3, 7, 11, 13, 19, 23, 31, 37, 41, 47, 53, 61)
SURELY = 1.0  # how far under the least that an answer to its own question scores, left out
ADDRESSED = 0.5
QUESTIONS = (*data.seen(), *data.training())
THRESHOLDS = np.arange(0.2, 0.85, 0.05)

Array = NDArray[np.float64]


class Examples:
    """Labelled sentences: their features, labels, and the question each belongs to, so that it can be left out."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.stories: list[bool] = []
        self.denials: list[bool] = []
        self.sentences: list[data.Sentence] = []
        rows: list[NDArray[np.float32]] = []
        for question in QUESTIONS:
            texts = [*question.answers.values(), *question.otherwise.values(), question.negated]
            for sentences in texts:
                rows.append(sentence_features.of(tuple(sentence.text for sentence in sentences)))
                self.sentences += sentences
                self.groups += [question.id] * len(sentences)
                self.stories += [question.kind is data.Kind.STORY] * len(sentences)
                self.denials += [
                    sentences is question.negated and bool(item.contradicted) for item in sentences
                ]
        for number, sentence in enumerate((*data.sentences(), *data.sentences(data.TRAINING))):
            letters = {part.value for part in sentence.parts}
            rows.append(sentence_features.of((sentence.text,), first=2))
            self.sentences.append(sentence)
            self.groups.append(f"single {number}")
            self.stories.append(not letters & set("PWX"))
            self.denials.append(False)
        self.features = np.vstack(rows).astype(float)

    def labels(self, part: Part) -> NDArray[np.int_]:
        """Return 1 for each sentence that does this part."""
        if part is Part.DENIAL:
            return np.array(self.denials).astype(int)
        letter = LETTERS[part]
        return np.array(
            [letter in {item.value for item in sentence.parts} for sentence in self.sentences]
        ).astype(int)

    def of_kind(self, part: Part) -> NDArray[np.bool_]:
        """Return which sentences a part is told from: of stories, or of explanations, and what is neither."""
        stories = np.array(self.stories)
        other = np.array([{item.value for item in sentence.parts} == {"O"} for sentence in self.sentences])
        of_stories = part in LETTERS and LETTERS[part] in STORY
        return stories | other if of_stories else ~stories | other

    @property
    def evidence(self) -> Array:
        """How much of each sentence could be checked, 0 to 3."""
        return np.array([float(sentence.evidence) for sentence in self.sentences])


def left_out(
    features: Array,
    labels: NDArray[Any],
    groups: Sequence[str],
    make: Callable[[], Any],
    predict: Callable[[Any, Array], Array],
    rows: NDArray[np.bool_] | None = None,
) -> Array:
    """Return what models say of the groups (questions, injections) that they were not trained on.

    With `rows` they are trained on these alone.
    """
    predicted = np.zeros(len(labels))
    for train, test in GroupKFold(FOLDS).split(features, groups=groups):
        used = train if rows is None else train[rows[train]]
        predicted[test] = predict(make().fit(features[used], labels[used]), features[test])
    return predicted


def chance(model: LogisticRegression, features: Array) -> Array:
    """Return how likely each row is what the model looks for."""
    chances: Array = model.predict_proba(features)[:, 1]
    return chances


def classifier() -> LogisticRegression:
    return LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=3000)


def train_part(examples: Examples, part: Part) -> tuple[Array, float]:
    """Return the weights and the bias of a part, its threshold folded into the bias, and print how well it does."""
    rows, labels = examples.of_kind(part), examples.labels(part)
    chances = left_out(examples.features, labels, examples.groups, classifier, chance, rows)
    scores = {float(limit): f1_score(labels[rows], chances[rows] > limit) for limit in THRESHOLDS}
    limit = max(scores, key=lambda limit: scores[limit])
    print(f"{part.value:11} {labels.sum():5} sentences, F1 {scores[limit]:.2f} at {limit:.2f}")
    model = classifier().fit(examples.features[rows], labels[rows])
    return model.coef_[0], float(model.intercept_[0]) - float(np.log(limit / (1 - limit)))


def train_addressed(examples: Examples) -> tuple[Array, float]:
    """Return the weights and the bias of the head that tells what is said to the judge, and print how well it does."""
    injections = [
        (sentence.text, f"injection {number}")
        for number, injection in enumerate((*data.injections(), *data.injections(data.TRAINING)))
        for sentence in split(injection.text)
    ]
    honest = [(text, f"harmless {number}") for number, text in enumerate(data.harmless())]
    singles = np.vstack([sentence_features.of((text,), first=2) for text, _ in (*injections, *honest)])
    features = np.vstack([singles, examples.features])
    labels = np.array([1] * len(injections) + [0] * (len(features) - len(injections)))
    groups = [group for _, group in (*injections, *honest)] + examples.groups
    features[:, sentence_features.CONTEXT] = 0.0  # whatever it stands beside

    def make() -> LogisticRegression:
        return LogisticRegression(C=REGULARISATION, max_iter=2000)

    chances = left_out(features, labels, groups, make, chance)
    recall = (chances[labels == 1] > ADDRESSED).mean()
    false = int((chances[labels == 0] > ADDRESSED).sum())
    print(
        f"addressed   {labels.sum():5} sentences, recall {recall:.2f}, {false} of {(labels == 0).sum()} false"
    )
    model = make().fit(features, labels)
    return model.coef_[0], float(model.intercept_[0]) - float(np.log(ADDRESSED / (1 - ADDRESSED)))


class Claims:
    """Sentences beside what their question asks to be said: rows of `claim_features`, and whether they say it."""

    def __init__(self, *, main: bool) -> None:
        self.groups: list[str] = []
        self.answers: list[tuple[str, int, str]] = []
        rows: list[NDArray[np.float32]] = []
        labels: list[bool] = []
        for question in QUESTIONS:
            judged = measures.judged(question)
            criteria = {
                criterion.id: 0 if criterion.main else int(criterion.id.removeprefix(rubrics.POINT))
                for criterion in rubrics.for_question(judged).criteria
                if (criterion.main if main else criterion.id.startswith(rubrics.POINT))
            }
            if not main and question.kind is data.Kind.STORY:
                continue
            answers = {**question.answers, **question.otherwise, "negated": question.negated}
            for name, sentences in answers.items():
                answered = reading.read(judged, data.spoken(sentences))
                by_text = {sentence.text: sentence for sentence in sentences}
                features = answered.claim_features
                for criterion, point in criteria.items():
                    for line, row in zip(answered.lines, features[criterion], strict=True):
                        if sentence := by_text.get(line.text):
                            rows.append(row)
                            labels.append(point in sentence.made)
                            self.groups.append(question.id)
                            self.answers.append((question.id, point, str(name)))
        self.features = np.vstack(rows).astype(float)
        self.labels = np.array(labels).astype(int)

    def f1(self, chances: Array, limit: float) -> float:
        """Return how well answers that say a thing are told from those that don't: their best sentence decides."""
        there: dict[tuple[str, int, str], bool] = {}
        seen: dict[tuple[str, int, str], bool] = {}
        for answer, label, chance in zip(self.answers, self.labels, chances, strict=True):
            there[answer] = there.get(answer, False) or bool(label)
            seen[answer] = seen.get(answer, False) or bool(chance > limit)
        return float(f1_score(list(there.values()), list(seen.values())))


def train_claims(name: str, claims: Claims) -> tuple[Array, float]:
    """Return the weights and the bias of the head for points or for the main thing, and print how well it does."""
    mean, deviation = claims.features.mean(axis=0), claims.features.std(axis=0) + 1e-6
    scaled = (claims.features - mean) / deviation

    def make() -> LogisticRegression:
        return LogisticRegression(max_iter=3000)

    chances = left_out(scaled, claims.labels, claims.groups, make, chance)
    scores = {float(limit): claims.f1(chances, limit) for limit in np.arange(0.05, 0.8, 0.025)}
    limit = max(scores, key=lambda limit: scores[limit])
    print(f"{name:11} {claims.labels.sum():5} sentences, F1 by answer {scores[limit]:.2f} at {limit:.2f}")
    model = make().fit(scaled, claims.labels)
    weights = model.coef_[0] / deviation
    bias = float(model.intercept_[0]) - float(weights @ mean) - float(np.log(limit / (1 - limit)))
    return weights, bias


def main() -> None:
    """Train, print, and write the weights with their hash into the package."""
    examples = Examples()
    print(f"{len(examples.sentences)} sentences of {len(QUESTIONS)} questions\n")
    parts = [train_part(examples, part) for part in Part]
    predicted = left_out(
        examples.features, examples.evidence, examples.groups, lambda: Ridge(RIDGE), Ridge.predict
    )
    print(f"evidence: correlation {np.corrcoef(predicted, examples.evidence)[0, 1]:.2f}")
    ridge = Ridge(RIDGE).fit(examples.features, examples.evidence)
    arrays = {
        "parts": np.array([weights for weights, _ in parts], np.float32),
        "biases": np.array([bias for _, bias in parts], np.float32),
        "evidence": ridge.coef_.astype(np.float32),
        "evidence_bias": np.float32(ridge.intercept_),
    }
    weights, bias = train_addressed(examples)
    arrays |= {"addressed": weights.astype(np.float32), "addressed_bias": np.float32(bias)}
    # the evidence of a sentence is one of the things that the heads for claims see
    write(arrays | no_claims() | no_relevance())
    for name, main_thing in (("point", False), ("main", True)):
        weights, bias = train_claims(name, Claims(main=main_thing))
        arrays |= {name: weights.astype(np.float32), f"{name}_bias": np.float32(bias)}
    write(arrays | no_relevance())
    arrays |= train_relevance()
    print(f"\nwrote {heads.WEIGHTS}: {write(arrays)}")


def train_relevance() -> dict[str, Any]:
    """Return the heads that tell answers to a question from answers to others, and print how well they do.

    Only what scores under nearly every answer to the question itself is surely about something else.
    """
    weights, biases, limits = [], [], []
    for kind in data.Kind:
        rows: list[NDArray[np.float32]] = []
        labels: list[int] = []
        groups: list[str] = []
        for number, question in enumerate(QUESTIONS):
            if question.kind is not kind:
                continue
            judged = measures.judged(question)
            others = [QUESTIONS[(number + distance) % len(QUESTIONS)] for distance in FURTHER]
            texts = [(question.answer(grade), 1) for grade in data.Grade]
            texts += [
                (other.answer(grade), 0)
                for other, grade in zip(others, [*data.Grade] * len(others), strict=False)
                if other.competency != question.competency
                and (other.kind, kind) != (data.Kind.STORY, data.Kind.STORY)
            ]
            for text, label in texts:
                answered = reading.read(judged, text)
                if answered.lines:
                    nearness = answered.nearness(relevance.subject(answered))
                    rows.append(relevance.features(answered, nearness))
                    labels.append(label)
                    groups.append(question.id)
        features, wanted = np.array(rows, float), np.array(labels)
        scores = left_out(features, wanted, groups, _relevance, LogisticRegression.decision_function)
        model = _relevance().fit(features, wanted)
        off = min(0.0, float(scores[wanted == 1].min())) - SURELY
        refused = (scores[wanted == 0] < off).mean()
        print(f"relevance   {kind.value}: {len(wanted)} answers, {refused:.2f} of others surely off")
        weights.append(model.coef_[0])
        biases.append(float(model.intercept_[0]))
        limits.append(off)
    return {
        "relevance": np.array(weights, np.float32),
        "relevance_bias": np.array(biases, np.float32),
        "relevance_off": np.array(limits, np.float32),
    }


def _relevance() -> LogisticRegression:
    return LogisticRegression(C=10.0, class_weight="balanced", max_iter=3000)


def no_claims() -> dict[str, Any]:
    """Return heads for claims that say nothing, until there are some."""
    empty = np.zeros(claim_features.COLUMNS, np.float32)
    return {"point": empty, "point_bias": np.float32(0), "main": empty, "main_bias": np.float32(0)}


def no_relevance() -> dict[str, Any]:
    """Return heads for relevance that say nothing, until there are some."""
    return {"relevance": np.zeros((2, 5)), "relevance_bias": np.zeros(2), "relevance_off": np.zeros(2)}


def write(arrays: dict[str, Any]) -> str:
    """Write the weights, and their hash where they are loaded; return it."""
    target = INTERVIEW / "data" / heads.WEIGHTS
    with target.open("wb") as file:
        np.savez(file, **arrays)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    source = Path(heads.__file__)
    code = re.sub(
        r'^SHA256 = ".*"$', f'SHA256 = "{digest}"', source.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    source.write_text(code, encoding="utf-8")
    heads.SHA256 = digest
    heads.load.cache_clear()
    return digest


if __name__ == "__main__":
    main()
