"""The holder's signature under 工作账号不是个人财产 (R0.48), and what else moves an account from state to state."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from jieli.assets import sign_duty
from jieli.assets.errors import NotTheHolder, UnknownAsset
from jieli.assets.models import Account, Acknowledgement
from jieli.assets.policy import Event, after, check_event, check_moment, check_not_personal
from jieli.assets.queries import acknowledgements, holdings_of
from jieli.assets.types import AccountState, AccountType, HoldingSpan, Signature
from jieli.kernel.errors import JieliError
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.parties.registers import Changes, put
from jieli.parties.types import Outcome


class _NothingLeftError(Exception):
    """Somebody else entered the same signatures while we waited: the transaction is given up, empty."""


def acknowledge(*, account_id: UUID, staff_id: UUID, paper: UUID, signed_at: int, by: str, at: int) -> None:
    """The holder signed the sentence: the account comes into use, if nothing else stands in its way (R0.48).

    `paper` is the signed document as stored. Codes: assets.not_the_holder, assets.state_refused, assets.not_yet,
    assets.unknown_asset. Signing the same paper again changes nothing.
    """
    acknowledge_many([Signature(account_id, staff_id, paper, signed_at)], by=by, at=at)


def acknowledge_many(signatures: Sequence[Signature], *, by: str, at: int) -> Outcome:
    """Several signatures as one entry, all or none; those known already are left alone."""
    if not signatures:
        return Outcome()
    looked = _compare(signatures, at)
    if not looked.new and not looked.changed:
        return Outcome(unchanged=len(signatures))
    try:
        with book(at=at):
            done = put(lambda: _compare(signatures, at), kind="assets.acknowledge", by=by, at=at)
            if not done.new:
                raise _NothingLeftError
            sign_duty.fulfil(_signed_for(signatures, at), by=by, at=at)
    except _NothingLeftError:
        return Outcome(unchanged=len(signatures))
    return Outcome(new=done.new, unchanged=len(signatures) - done.new)  # accounts that moved are not counted


def _signed_for(signatures: Sequence[Signature], at: int) -> dict[UUID, tuple[UUID, date]]:
    """The accounts that were signed for by whoever holds them now: with which paper, on which day."""
    holdings = holdings_of({s.account_id for s in signatures})
    return {
        s.account_id: (s.paper, local_day(s.signed_at))
        for s in signatures
        if _holds(holdings[s.account_id], s.staff_id, at)
    }


def _compare(signatures: Sequence[Signature], at: int) -> Changes:
    ids = {s.account_id for s in signatures}
    known = {
        (r.account_id, r.staff_id, r.paper, r.signed_at)
        for rows in acknowledgements(ids).values()
        for r in rows
    }
    fresh = [
        s for s in dict.fromkeys(signatures) if (s.account_id, s.staff_id, s.paper, s.signed_at) not in known
    ]
    for problem in unsound(fresh, at=at).values():
        raise problem
    holdings = holdings_of(ids)
    accounts = {a.pk: a for a in Account.objects.filter(asset_id__in=ids)}
    signed_by_holder = {s.account_id for s in fresh if _holds(holdings[s.account_id], s.staff_id, at)}
    changed = []
    for key in sorted(signed_by_holder):
        account = accounts[key]
        state = after(AccountState(account.state), Event.ACKNOWLEDGED)
        if state.value != account.state:
            account.state = state.value
            changed.append(account)
    rows = [
        Acknowledgement(
            pk=new_id(at), account_id=s.account_id, staff_id=s.staff_id, paper=s.paper, signed_at=s.signed_at
        )
        for s in fresh
    ]
    return Changes([*rows], [*changed], len(signatures) - len(fresh))


def unsound(signatures: Sequence[Signature], *, at: int) -> dict[int, JieliError]:
    """What speaks against each signature, by position; a loader shows them beside their rows."""
    ids = {s.account_id for s in signatures}
    rows = Account.objects.filter(asset_id__in=ids).values_list("asset_id", "state", "type")
    known = {key: (state, AccountType(kind)) for key, state, kind in rows}
    holdings = holdings_of(ids)
    found: dict[int, JieliError] = {}
    for n, signature in enumerate(signatures):
        try:
            _check(signature, known.get(signature.account_id), holdings[signature.account_id], at)
        except JieliError as problem:
            found[n] = problem
    return found


def _check(
    signature: Signature, known: tuple[str, AccountType] | None, holdings: list[HoldingSpan], at: int
) -> None:
    if known is None:
        raise UnknownAsset("账号未登记。", remedy="请先登记账号。")
    state, kind = known
    check_not_personal(kind)
    check_moment(signature.signed_at, at=at)
    check_event(AccountState(state), Event.ACKNOWLEDGED)
    # Papers carry a day, hand-overs a minute: who holds it now may have signed the morning he received it.
    if not any(_holds(holdings, signature.staff_id, moment) for moment in (signature.signed_at, at)):
        raise NotTheHolder("签署人在签署时不是该账号的责任人。", remedy="请先登记移交，或核对签署人。")


def _holds(holdings: list[HoldingSpan], staff_id: UUID, moment: int) -> bool:
    return any(span.staff_id == staff_id and span.holds(moment) for span in holdings)


def mark_accounts(
    event: Event, *, account_ids: Sequence[UUID], by: str, at: int, paper: UUID | None = None
) -> None:
    """Something happened to these accounts: 提出离职, 撤回离职, 恢复测试通过, 停用. One entry, all or none.

    Changing hands and signing have operations of their own and are refused here (ValueError).
    assets.state_refused where a state does not allow it.
    """
    if event in (Event.ACKNOWLEDGED, Event.HANDED_OVER, Event.TAKEN_BACK):
        raise ValueError(f"{event} has its own operation")
    with book(at=at) as b:
        locks.change_bases()
        accounts = list(
            Account.objects.select_for_update().filter(asset_id__in=account_ids).order_by("asset_id")
        )
        if len(accounts) != len(set(account_ids)):
            raise UnknownAsset("所选账号中有未登记的。", remedy="请先登记账号。")
        holdings, signed = holdings_of(account_ids), acknowledgements(account_ids)
        for account in accounts:
            holder = next((s.staff_id for s in holdings[account.pk] if s.holds(at)), None)
            by_holder = any(r.staff_id == holder for r in signed[account.pk])
            account.state = after(AccountState(account.state), event, holder_signed=by_holder).value
        facts = {"accounts": len(accounts), "event": event.value, **({"paper": str(paper)} if paper else {})}
        b.entry("assets.mark_accounts", by=by, facts=facts).revise(*accounts)
        if event is Event.CLOSED:
            sign_duty.drop(account_ids, reason="账号已停用", by=by, at=at)
