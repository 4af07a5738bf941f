"""The encoder: the same text has the same vector, whatever stands beside it, and near meanings are near."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.embeddings import encoder
from interview.embeddings.encoder import DIMENSIONS, Encoder, ModelAltered

pytestmark = pytest.mark.slow

SENTENCES = (
    "We had a queue that grew every night because the consumer was slower than the producer.",
    "I measured it first.",
    "so um what I did was I split the table by month and after that reports took four seconds instead of ninety",
    "Support tickets went down by a third.",
    "Cake.",
)


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    """Return the encoder of the installed model."""
    return encoder.load()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SENTENCES), st.text(max_size=80)), min_size=1, max_size=8))
def test_a_text_has_the_same_bytes_alone_and_in_any_batch(minilm: Encoder, texts: list[str]) -> None:
    fresh = encoder.Encoder(minilm._session, minilm._tokenizer)
    together = fresh.encode(texts)
    alone = np.vstack([encoder.Encoder(minilm._session, minilm._tokenizer).encode([text]) for text in texts])
    assert together.tobytes() == alone.tobytes()


def test_a_text_has_the_same_bytes_after_a_restart_and_from_the_cache(minilm: Encoder) -> None:
    first = minilm.encode(SENTENCES)
    assert minilm.encode(SENTENCES).tobytes() == first.tobytes()
    assert encoder.load().encode(SENTENCES).tobytes() == first.tobytes()


def test_sentences_of_one_meaning_are_nearer_than_those_of_another(minilm: Encoder) -> None:
    original, paraphrase, other = minilm.encode(
        [
            "An index makes reads faster and writes slower.",
            "Looking rows up gets quicker, but every insert has to update one more structure.",
            "We served the wedding cake after the speeches.",
        ]
    )
    assert original @ paraphrase > 0.35 > 0.2 > original @ other
    assert np.allclose(np.linalg.norm([original, paraphrase, other], axis=1), 1)


def test_no_texts_give_no_rows_and_an_empty_text_gives_one(minilm: Encoder) -> None:
    assert minilm.encode([]).shape == (0, DIMENSIONS)
    assert minilm.encode(["", "a\x00b"]).shape == (2, DIMENSIONS)


def test_threads_share_an_encoder(minilm: Encoder) -> None:
    expected = minilm.encode(SENTENCES).tobytes()
    vectors: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: vectors.append(minilm.encode(SENTENCES).tobytes())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vectors == [expected] * 8


@pytest.mark.parametrize("content", [None, b"another model"])
def test_a_model_that_is_missing_or_another_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelAltered, match=r"model\.onnx"):
        encoder.load(path)
