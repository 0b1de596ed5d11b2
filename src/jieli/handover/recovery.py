"""An account is handed over when the receiver has tested it (R0.24); a password given is not an account recovered.

A person's own WeChat is refused by its type: nobody takes it over, its customers leave by lists (清单式移交).
"""

from collections.abc import Collection
from uuid import UUID

from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.policy import TRANSITIONS, Event
from jieli.assets.types import AccountRef, AccountState, HolderKind
from jieli.handover import cards
from jieli.handover.errors import NotInCase
from jieli.handover.models import Case
from jieli.handover.reading import locked
from jieli.handover.things_errors import NotTakenOver
from jieli.handover.things_types import (
    HELP_RESULTS,
    Card,
    HelpStep,
    ListStep,
    Progress,
    RecoveryState,
    RecoveryStep,
    StepResult,
)
from jieli.handover.types import LineClass
from jieli.ledger.operations import book


def record_recovery(
    *,
    case: UUID,
    account: UUID,
    step: RecoveryStep,
    passed: bool,
    paper: UUID | None,
    tester: UUID | None,
    tested_at: int,
    by: str,
    at: int,
) -> RecoveryState:
    """One of the eight steps was tried by the receiver; where the account stands afterwards.

    The first try says that it was delivered: the account goes to the company's store. With the last step passed it
    is 已恢复 and with the receiver, in the same transaction; a step that fails later takes nothing back, it stands
    beside. Errors: handover.no_proof, handover.not_in_case, handover.personal_account, handover.closed.
    """
    with book(at=at):
        row = locked(case)
        found = _account(account)
        if found.type.personal:
            raise NotTakenOver("个人微信不能接管。", remedy="请改用清单式移交，由本人申报客户。")
        result = StepResult.PASSED if passed else StepResult.FAILED
        cards.record(
            case=case, card=Card.RECOVERY, cls=LineClass.ACCOUNT, subject=account, step=step, result=result,
            paper=paper, tester=tester, tested_at=tested_at, by=by, at=at,
        )  # fmt: skip
        _deliver(row, account, by=by, at=at)
        if cards.progress(case, Card.RECOVERY, [account])[account].complete:
            _recovered(row, account, by=by, at=at)
    return states(case, [account])[account]


def _account(account: UUID) -> AccountRef:
    found = asset_queries.accounts_by_id([account]).get(account)
    if found is None:
        raise NotInCase("账号未登记。", remedy="请按清单选择。")
    return found


def _deliver(row: Case, account: UUID, *, by: str, at: int) -> None:
    """What the leaver still holds goes to the store: whoever tests it has been given it."""
    span = asset_queries.holder_at(account, at)
    if span is None or span.staff_id == row.staff_id:
        if Event.LEAVING in TRANSITIONS[_account(account).state]:
            assets.mark_accounts(Event.LEAVING, account_ids=[account], by=by, at=at)
        assets.take_back(asset_id=account, begins_at=at, by=by, at=at)


def _recovered(row: Case, account: UUID, *, by: str, at: int) -> None:
    """To the receiver first, then 已恢复: handing over a recovered account would set it back to 登记."""
    if _account(account).state is not AccountState.DELIVERED:
        return
    span = asset_queries.holder_at(account, at)
    if row.receiver_id is not None and (span is None or span.staff_id is None):
        if span is not None and span.from_ms == at:
            # Delivered and tested in one instant: the store had it for no time, so its stretch is the receiver's.
            assets.correct_holding(
                holding_id=span.id, holder_kind=HolderKind.STAFF, staff_id=row.receiver_id, begins_at=at,
                ends_at=None, paper=span.paper, by=by, at=at,
            )  # fmt: skip
        else:
            assets.hand_over(asset_id=account, to_staff=row.receiver_id, begins_at=at, by=by, at=at)
    assets.mark_accounts(Event.RECOVERED, account_ids=[account], by=by, at=at)


def record_help(
    *, case: UUID, account: UUID, step: HelpStep, result: StepResult, helped_at: int, by: str, at: int
) -> UUID:
    """The leaver helped to find a password back (R0.30): which way, how it ended, when. Nothing else can be said.

    ValueError for a result outside the closed list: there is no text in which a secret could be kept.
    """
    if not isinstance(result, StepResult) or result not in HELP_RESULTS:
        raise ValueError("the result of help is one of a closed list")
    return cards.record(
        case=case, card=Card.HELP, cls=LineClass.ACCOUNT, subject=account, step=step, result=result,
        paper=None, tester=None, tested_at=helped_at, by=by, at=at,
    )  # fmt: skip


def record_by_list(
    *, case: UUID, account: UUID, step: ListStep, paper: UUID, done_at: int, by: str, at: int
) -> UUID:
    """A step of 清单式移交 for a person's own WeChat, with its proof. handover.not_in_case for any other account."""
    found = asset_queries.accounts_by_id([account]).get(account)
    if found is None or not found.type.personal:
        raise NotInCase("清单式移交只用于个人微信。", remedy="公司账号请做恢复测试。")
    return cards.record(
        case=case, card=Card.BY_LIST, cls=LineClass.ACCOUNT, subject=account, step=step,
        result=StepResult.PASSED, paper=paper, tester=None, tested_at=done_at, by=by, at=at,
    )  # fmt: skip


def progress(case: UUID, accounts: Collection[UUID]) -> dict[UUID, Progress]:
    """The recovery test of each account."""
    return cards.progress(case, Card.RECOVERY, accounts)


def help_given(case: UUID, accounts: Collection[UUID]) -> dict[UUID, Progress]:
    """The leaver's help with passwords, by account."""
    return cards.progress(case, Card.HELP, accounts)


def by_list(case: UUID, accounts: Collection[UUID]) -> dict[UUID, Progress]:
    """清单式移交 by personal account."""
    return cards.progress(case, Card.BY_LIST, accounts)


def outbound_open(case: UUID, account: UUID) -> bool:
    """Whether a receiver may write to customers from it: face changed and first message proved (practice 3.1)."""
    missing = progress(case, [account])[account].missing
    return RecoveryStep.NEW_FACE not in missing and RecoveryStep.FIRST_MESSAGE not in missing


def states(case: UUID, accounts: Collection[UUID]) -> dict[UUID, RecoveryState]:
    """Where each account stands: untouched 待交, every step passed 已恢复, anything between 已交付未恢复."""
    return {
        key: RecoveryState.RECOVERED
        if found.complete
        else (RecoveryState.DELIVERED if found.done else RecoveryState.WAITING)
        for key, found in progress(case, accounts).items()
    }
