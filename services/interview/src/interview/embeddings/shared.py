"""The encoder of this process, loaded when a first text is compared."""

from functools import cache
from threading import Lock

from interview.embeddings import encoder
from interview.embeddings.encoder import Encoder, Vectors

_loading = Lock()


@cache
def _encoder() -> Encoder:
    return encoder.load()


def encode(texts: tuple[str, ...]) -> Vectors:
    """Return a row of length 1 for each text; their products are cosines.

    Raises:
        ModelAltered: the model's files are missing or others.
    """
    with _loading:
        model = _encoder()
    return model.encode(texts)
