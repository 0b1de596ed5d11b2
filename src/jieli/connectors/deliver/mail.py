"""Mail by SMTP. The server taking a message is 已交运, not 已送达: nothing tells us that it was read."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jieli.connectors.deliver.ports import BadMessage, Channel, NotSent, Result, Sent, Unknown, check_message
from jieli.kernel.ids import new_id
from jieli.kernel.times import local

TIMEOUT = 15.0  # seconds
_REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)
_NOT_SENT = "邮件服务器没有接受，未发送。"


class Mail:
    """Sends from one address over one server; `clock` gives ms.

    `tls` is "implicit" (465), "starttls" (587) or "none", which is refused for anything but this machine.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        subject: str,
        clock: Callable[[], int],
        user: str = "",
        password: str = "",
        tls: str = "implicit",
        timeout: float = TIMEOUT,
    ) -> None:
        if tls not in {"implicit", "starttls", "none"} or (
            tls == "none" and host not in {"127.0.0.1", "::1"}
        ):
            raise BadMessage("邮件服务器须经加密连接。", remedy="请把 tls 设为 implicit 或 starttls。")
        self._host, self._port, self._tls, self._timeout = host, port, tls, timeout
        self._sender, self._subject, self._clock = sender, subject, clock
        self._user, self._password = user, password

    def send(self, channel: Channel, to: str, text: str) -> Sent:
        """See the port; `number` is the Message-ID."""
        check_message(to, text)
        if channel is not Channel.MAIL or "@" not in to:
            raise BadMessage("此投递方只发送邮件。", remedy="请选择邮件渠道并填写邮件地址。")
        at = self._clock()
        number = f"<{new_id(at)}@{self._sender.rpartition('@')[2]}>"
        message = self._message(to, text, number, at)
        connection = self._connection()
        try:
            self._ready(connection)
            self._hand_over(connection, message)
        finally:
            connection.close()
        return Sent(number, at, Result.HANDED_ON)

    def _message(self, to: str, text: str, number: str, at: int) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        try:
            message["From"], message["To"], message["Subject"] = self._sender, to, self._subject
        except ValueError:
            raise BadMessage("邮件地址不合格式，未发送。", remedy="请核对地址。") from None
        message["Message-ID"], message["Date"] = number, format_datetime(local(at))
        message.set_content(text, cte="base64")  # a server without 8BITMIME may break anything wider
        return message

    def _connection(self) -> smtplib.SMTP:
        try:
            if self._tls == "implicit":
                context = ssl.create_default_context()
                return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
            return smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise _not_sent(error) from None

    def _ready(self, connection: smtplib.SMTP) -> None:
        try:
            if self._tls == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if self._user:
                connection.login(self._user, self._password)
        except (OSError, smtplib.SMTPException) as error:
            raise _not_sent(error) from None

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage) -> None:
        try:
            connection.send_message(message)
        except _REFUSALS as error:
            raise _not_sent(error) from None
        except (OSError, smtplib.SMTPException):
            # The line broke somewhere between the envelope and the server's word: nobody here can say which.
            raise Unknown(
                "邮件连接中断，不知是否已发出。", remedy="请在邮件服务器上核对后再决定是否重发。"
            ) from None


def _not_sent(error: Exception) -> NotSent:
    """Told by the kind of fault alone: a server's reply may repeat addresses."""
    return NotSent(_NOT_SENT, remedy=f"请检查服务器、账号与收件地址后重发（{type(error).__name__}）。")
