class CannotSeal(Exception):
    """It cannot be sealed as things stand. The text says why, and what can be done, to a person."""
