"""Answers changed by rule: what must not count, and what must not earn anything."""

import random
import re

import data

GIBBERISH = (
    "asdf qwer zxcv uiop hjkl vbnm",
    "blorf the wug and snibble of a crandy flim",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
    "aaaaaaaa bbbbbbbb cccccccc",
    "1234 5678 90 11 12 13 14",
)
NOTHING = (
    "",
    "fine",
    "I don't know.",
    "It went well.",
    "No comment, next question please.",
    "Yes.",
    "Good question!",
)
SWAPS = (("Jo", "Amal"), ("Maria", "John"), ("Ahmed", "Peter"), ("Berlin", "Lagos"))
GENDER = {"he": "she", "his": "her", "him": "her", "himself": "herself"}
TYPOS = 0.04
SEED = 20261125


def without_punctuation(text: str) -> str:
    """Return a text as a phone's dictation without punctuation writes it down."""
    return " ".join(re.sub(r"[.,;:!?…“”\"()–—-]+", " ", text).lower().split())


def dictated(text: str) -> str:
    """Return a text with full stops lost and fillers put in between."""
    parts = re.split(r"(?<=[.!?]) ", text)
    return " so um ".join(part.rstrip(".!?") for part in parts)


def with_typos(text: str) -> str:
    """Return a text in which about one letter pair of 25 is swapped; the same text always the same way."""
    chance = random.Random(SEED + len(text))
    letters = list(text)
    for place in range(1, len(letters) - 2):
        if letters[place].isalpha() and letters[place + 1].isalpha() and chance.random() < TYPOS:
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def swapped(text: str) -> str:
    """Return a text in which the men it speaks of are women."""
    return re.sub(
        r"\b(he|his|him|himself)\b", lambda match: GENDER[match.group()], text.replace(" He ", " She ")
    )


def points_pasted(question: data.Question) -> str:
    """Return the question's points as somebody pastes them, without a sentence of their own."""
    return ", ".join(question.points or (question.main,))
