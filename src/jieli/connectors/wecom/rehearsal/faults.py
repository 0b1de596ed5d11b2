"""Faults that can be ordered: what goes wrong, at which call, how many times."""

from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock


class Kind(StrEnum):
    """ERRCODE answers `value` without doing anything; LOST does nothing and hangs up; HTTP answers the status `value`.

    CUT does everything, then hangs up before answering; GARBLED does everything and answers `text`; LATE does and
    answers everything, `value` milliseconds later.
    """

    ERRCODE = "errcode"
    LOST = "lost"
    CUT = "cut"
    HTTP = "http"
    GARBLED = "garbled"
    LATE = "late"


@dataclass
class Fault:
    """`call` is the path below cgi-bin, or "" for any call but gettoken."""

    kind: Kind
    call: str = ""
    value: int = 0
    times: int = 1
    text: str = ""

    def meets(self, call: str) -> bool:
        return self.times > 0 and (call == self.call or (not self.call and call != "gettoken"))


@dataclass
class Orders:
    """Everything ordered and not yet used up. Item codes and statuses are kept by customer or group id."""

    faults: list[Fault] = field(default_factory=list)
    items: dict[str, list[int]] = field(default_factory=dict)
    always: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    stuck: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def next_fault(self, call: str) -> Fault | None:
        """The first fault that meets the call; one of its times is used up."""
        with self._lock:
            for fault in self.faults:
                if fault.meets(call):
                    fault.times -= 1
                    return fault
            return None

    def item(self, key: str) -> int | None:
        """The errcode ordered for an item, if any."""
        waiting = self.items.get(key)
        return waiting.pop(0) if waiting else self.always.get(key)


class Ordering:
    """The verbs that order faults. `call` is a path below cgi-bin; `times` is how many calls it spoils."""

    orders: Orders

    def fail(self, errcode: int, *, call: str = "", times: int = 1) -> None:
        """The next calls (any but gettoken, if no `call` is named) are answered with errcode and do nothing."""
        self.orders.faults.append(Fault(Kind.ERRCODE, call, errcode, times))

    def cut(self, call: str, *, applied: bool = True, times: int = 1) -> None:
        """The next calls get no answer: after everything was done (`applied`), or before anything was."""
        self.orders.faults.append(Fault(Kind.CUT if applied else Kind.LOST, call, 0, times))

    def http(self, status: int, *, call: str = "", times: int = 1) -> None:
        """The next calls are answered with an HTTP status and do nothing."""
        self.orders.faults.append(Fault(Kind.HTTP, call, status, times))

    def garble(self, call: str, *, text: str = "演练：<html>", times: int = 1) -> None:
        """The next calls are done and answered with this text."""
        self.orders.faults.append(Fault(Kind.GARBLED, call, 0, times, text))

    def late(self, call: str, *, ms: int, times: int = 1) -> None:
        """The next calls are done and answered `ms` real milliseconds later."""
        self.orders.faults.append(Fault(Kind.LATE, call, ms, times))

    def reject(self, key: str, errcode: int, *, times: int | None = 1) -> None:
        """The next transfers of this customer or group are answered with errcode; `times` None = always."""
        if times is None:
            self.orders.always[key] = errcode
        else:
            self.orders.items.setdefault(key, []).extend([errcode] * times)

    def show_status(self, external_userid: str, status: int) -> None:
        """transfer_result says this status of the customer, whatever happened."""
        self.orders.statuses[external_userid] = status

    def repeat_cursor(self, call: str) -> None:
        """Lists of this call give the same page and cursor for ever."""
        self.orders.stuck.add(call)
