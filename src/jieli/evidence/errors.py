"""Why a package cannot be made."""

from jieli.kernel.errors import JieliError


class NothingToProve(JieliError):
    """No item of the conversation may be opened for this purpose."""

    code = "evidence.nothing"


class NotCovered(JieliError):
    """The signer has not yet signed a checkpoint over what the package needs."""

    code = "evidence.not_covered"


class PackageExists(JieliError):
    """A file of this name stands there already; packages are never written over."""

    code = "evidence.exists"
