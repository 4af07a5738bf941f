from interview.text import actions


def test_the_verbs_of_what_the_speaker_did_are_told_from_what_others_did() -> None:
    text = "I removed two reports and wrote the tests, then she deployed it and we celebrated it."
    assert actions.own(text) == ("removed", "wrote")
    assert ("we", "celebrated") in actions.actions(text)


def test_a_verb_alone_and_a_state_are_no_action() -> None:
    assert actions.own("I led. I built. I wanted a rest, and I felt tired of it.") == ()
