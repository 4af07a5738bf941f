"""Tells an encrypted PDF from one that mentions encryption, by what its trailer says and not by its text."""

import re

HEADER_WITHIN = 1024
DICTIONARY_WITHIN = 64 * 1024
POINTER = re.compile(rb"startxref[\x00\t\n\f\r ]{1,16}(\d{1,10})")
OBJECT = re.compile(rb"[\x00\t\n\f\r ]{0,16}\d{1,10}[\x00\t\n\f\r ]{1,16}\d{1,5}[\x00\t\n\f\r ]{1,16}obj")
TABLE = re.compile(rb"[\x00\t\n\f\r ]{0,16}xref[\x00\t\n\f\r ]")
ENCRYPTION = re.compile(rb"/Encrypt[\x00\t\n\f\r ]{0,16}(?:\d{1,10}[\x00\t\n\f\r ]{1,16}\d{1,5}|<<)")
IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
OUTSIDE = re.compile(rb"%[^\r\n]*|<<|>>|\(|/[^\x00\t\n\f\r /<>\[\](){}%]*")


def is_encrypted(data: bytes) -> bool:
    """Return True where the trailer or cross-reference stream that the file ends with names its encryption.

    A file without either, which readers have to repair, is told only by opening it.
    """
    pointer = POINTER.match(data, max(data.rfind(b"startxref"), 0))
    if pointer is None:
        return False
    shift = max(data.find(b"%PDF-", 0, HEADER_WITHIN), 0)
    return any(_names_encryption(data, start) for start in {int(pointer[1]), int(pointer[1]) + shift})


def _names_encryption(data: bytes, start: int) -> bool:
    if TABLE.match(data, start):
        trailer = data.find(b"trailer", start)
        return trailer > 0 and _has_encryption(data[trailer : trailer + DICTIONARY_WITHIN])
    stream = OBJECT.match(data, start)
    return stream is not None and _has_encryption(data[stream.end() : stream.end() + DICTIONARY_WITHIN])


def _has_encryption(data: bytes) -> bool:
    """Return True where the dictionary that begins here has the key itself, neither in a string nor further inside."""
    depth = strings = position = 0
    while token := (IN_STRING if strings else OUTSIDE).search(data, position):
        position = token.end()
        if strings or token[0] == b"(":
            strings += {b"(": 1, b")": -1}.get(token[0], 0)
        elif token[0] in (b"<<", b">>"):
            depth += 1 if token[0] == b"<<" else -1
            if depth <= 0:
                return False
        elif depth == 1 and ENCRYPTION.match(data, token.start()):
            return True
    return False
