"""What a deliverer of messages promises."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jieli.kernel.errors import JieliError


class Channel(StrEnum):
    """How a message goes out; the words are those of papers' deliveries."""

    SMS = "短信"
    MAIL = "邮件"


class Result(StrEnum):
    """What the deliverer knows. 已交运 is not 已送达: a mail server that took a message has shown it to nobody."""

    HANDED_ON = "已交运"
    DELIVERED = "已送达"


@dataclass(frozen=True, slots=True)
class Sent:
    """`number` finds the message again at the deliverer; `at` is when it was taken, ms."""

    number: str
    at: int
    result: Result


class NotSent(JieliError):
    """The message did not leave: it may be sent again."""

    code = "deliver.not_sent"


class Unknown(JieliError):
    """The connection broke after the text was given: it may have left. A person decides about a second one."""

    code = "deliver.unknown"


class BadMessage(JieliError):
    """No such channel here, no address, or no text."""

    code = "deliver.bad_message"


class Deliverer(Protocol):
    """Sends one message to one address."""

    def send(self, channel: Channel, to: str, text: str) -> Sent:
        """NotSent, Unknown or BadMessage otherwise. Neither address nor text is in an error or a log."""
        ...


def check_message(to: str, text: str) -> None:
    """BadMessage unless there is an address on one line and a text."""
    if not to.strip() or any(ord(c) < 32 for c in to) or not text.strip():
        raise BadMessage("没有收件地址或没有内容，未发送。", remedy="请补全地址与内容。")
