"""Why the demo does not run here. None of these touches anything."""

from jieli.kernel.errors import JieliError


class NotHere(JieliError):
    """The demo runs on the demo profile and its private database only: real data must never meet invented ones."""

    code = "demo.not_here"


class HomeInUse(JieliError):
    """This home holds a log that no demo made."""

    code = "demo.home_in_use"


class Interrupted(JieliError):
    """An earlier demo stopped on the way; its clock has gone on, so it cannot simply begin again."""

    code = "demo.interrupted"


class ChildDied(JieliError):
    """A process that the demo needs has ended or does not answer."""

    code = "demo.child_died"
