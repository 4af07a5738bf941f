"""Train the heads of the built-in coach on the seen half of the data: `make train-coach`.

Logistic regressions for the parts and a ridge regression for the evidence, over what `sentence_features` gives. How well
they do is measured leaving out one question at a time; the weights kept are those of all sentences.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import data
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score

from interview.coaching import heads, sentence_features
from interview.coaching.heads import Part

INTERVIEW = Path(heads.__file__).parents[1]
LETTERS = dict(zip(Part, "STARLPWX", strict=True))
STORY = "STARL"
REGULARISATION = 3.0
RIDGE = 1.5
THRESHOLDS = np.arange(0.2, 0.85, 0.05)

Array = NDArray[np.float64]


class Examples:
    """Labelled sentences: their features, labels, and the question each belongs to, so that it can be left out."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.stories: list[bool] = []
        self.sentences: list[data.Sentence] = []
        rows: list[NDArray[np.float32]] = []
        for question in data.seen():
            texts = [*question.answers.values(), *question.otherwise.values(), question.negated]
            for sentences in texts:
                rows.append(sentence_features.of(tuple(sentence.text for sentence in sentences)))
                self.sentences += sentences
                self.groups += [question.id] * len(sentences)
                self.stories += [question.kind is data.Kind.STORY] * len(sentences)
        for number, sentence in enumerate(data.sentences()):
            letters = {part.value for part in sentence.parts}
            rows.append(sentence_features.of((sentence.text,), first=2))
            self.sentences.append(sentence)
            self.groups.append(f"single {number % 12}")
            self.stories.append(not letters & set("PWX"))
        self.features = np.vstack(rows).astype(float)

    def labels(self, part: Part) -> NDArray[np.int_]:
        """Return 1 for each sentence that does this part."""
        letter = LETTERS[part]
        return np.array([letter in {item.value for item in sentence.parts} for sentence in self.sentences]).astype(int)

    def of_kind(self, part: Part) -> NDArray[np.bool_]:
        """Return which sentences a part is told from: those of stories, or those of explanations and what is neither."""
        stories = np.array(self.stories)
        other = np.array([{item.value for item in sentence.parts} == {"O"} for sentence in self.sentences])
        return stories | other if LETTERS[part] in STORY else ~stories | other

    @property
    def evidence(self) -> Array:
        """How much of each sentence could be checked, 0 to 3."""
        return np.array([float(sentence.evidence) for sentence in self.sentences])


def left_out(examples: Examples, rows: NDArray[np.bool_], labels: Array, make: Callable[[], Any]) -> Array:
    """Return what a model says of each question's sentences that was trained on the other questions."""
    groups = np.array(examples.groups)
    predicted = np.zeros(len(labels))
    for group in dict.fromkeys(examples.groups):
        train, test = rows & (groups != group), groups == group
        model = make().fit(examples.features[train], labels[train])
        predicted[test] = _predict(model, examples.features[test])
    return predicted


def _predict(model: Any, features: Array) -> Array:
    return model.predict_proba(features)[:, 1] if hasattr(model, "predict_proba") else model.predict(features)


def classifier() -> LogisticRegression:
    return LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=3000)


def train_part(examples: Examples, part: Part) -> tuple[Array, float]:
    """Return the weights and the bias of a part, its threshold folded into the bias, and print how well it does."""
    rows, labels = examples.of_kind(part), examples.labels(part)
    chances = left_out(examples, rows, labels, classifier)
    scores = {float(limit): f1_score(labels[rows], chances[rows] > limit) for limit in THRESHOLDS}
    limit = max(scores, key=lambda limit: scores[limit])
    print(f"{part.value:11} {labels.sum():5} sentences, F1 {scores[limit]:.2f} at {limit:.2f}")
    model = classifier().fit(examples.features[rows], labels[rows])
    return model.coef_[0], float(model.intercept_[0]) - float(np.log(limit / (1 - limit)))


def main(arguments: Sequence[str]) -> None:
    """Train, print, and write the weights with their hash into the package."""
    examples = Examples()
    print(f"{len(examples.sentences)} sentences of {len(data.seen())} questions\n")
    parts = [train_part(examples, part) for part in Part]
    everything = np.ones(len(examples.sentences), bool)
    predicted = left_out(examples, everything, examples.evidence, lambda: Ridge(RIDGE))
    print(f"evidence: correlation {np.corrcoef(predicted, examples.evidence)[0, 1]:.2f}")
    ridge = Ridge(RIDGE).fit(examples.features, examples.evidence)
    if "--measure" not in arguments:
        write(parts, ridge)


def write(parts: Sequence[tuple[Array, float]], ridge: Ridge) -> None:
    """Write the weights, and their hash where they are loaded."""
    target = INTERVIEW / "data" / heads.WEIGHTS
    with target.open("wb") as file:
        np.savez(
            file,
            parts=np.array([weights for weights, _ in parts], np.float32),
            biases=np.array([bias for _, bias in parts], np.float32),
            evidence=ridge.coef_.astype(np.float32),
            evidence_bias=np.float32(ridge.intercept_),
        )
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    source = Path(heads.__file__)
    code = re.sub(r'^SHA256 = ".*"$', f'SHA256 = "{digest}"', source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    source.write_text(code, encoding="utf-8")
    print(f"\nwrote {target.name}: {digest}")


if __name__ == "__main__":
    main(sys.argv[1:])
