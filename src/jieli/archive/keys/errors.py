"""What can go wrong between processes and the one that keeps the keys."""

from jieli.kernel.errors import JieliError


class NotTheKeeper(JieliError):
    """This process has no keyring of its own: the key keeper has it."""

    code = "archive.not_the_keeper"


class KeeperAway(JieliError):
    """The key keeper does not answer, or not in its protocol."""

    code = "archive.keeper_away"


class KeeperRefuses(JieliError):
    """The key keeper was asked for something that it must not do."""

    code = "archive.keeper_refuses"


class RotationUnderWay(JieliError):
    """Another process is moving pages to a new wrap epoch."""

    code = "archive.rotation_under_way"
