"""What can go wrong before customers are handed on."""

from jieli.kernel.errors import JieliError


class RuleInvalid(JieliError):
    """A rule, or a row of the table that is to become one, does not say what it must."""

    code = "succession.rule_invalid"


class NoSuchRule(JieliError):
    """No rule has this id."""

    code = "succession.no_rule"


class NoSuchPlan(JieliError):
    """No plan, or no line of one, has this id."""

    code = "succession.no_plan"


class PlanFixed(JieliError):
    """The plan was submitted or voided; a change needs a new one."""

    code = "succession.plan_fixed"


class PlanExists(JieliError):
    """The matter has a living plan that was submitted."""

    code = "succession.plan_exists"


class PlanInvalid(JieliError):
    """The order for a plan contradicts itself."""

    code = "succession.plan_invalid"


class ReceiverRefused(JieliError):
    """This receiver may not take over this customer."""

    code = "succession.receiver_refused"


class TransferBlocked(JieliError):
    """The preflight is red (R2.4)."""

    code = "succession.blocked"


class RegisterInvalid(JieliError):
    """A training, a promise, a need, a wish or a consent that cannot be entered so."""

    code = "succession.register_invalid"
