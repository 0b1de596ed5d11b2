"""The root of this room's enums."""

from enum import StrEnum


class Word(StrEnum):
    """A stored word. It hashes as the string it equals, which the interpreter does by itself.

    An enum's own hash is a call of Python's, and the gate asks sets and tables of words many times a message.
    """

    __hash__ = str.__hash__
