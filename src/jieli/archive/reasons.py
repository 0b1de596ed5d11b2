"""The reason that whoever destroys, keeps, releases or changes a period has to give: the book keeps it for good."""

from jieli.archive.errors import NoReason, ReasonTooLong

#: So many characters at most: it stands in an entry that nobody can shorten later.
MOST = 1_000


def written(reason: str) -> str:
    """The reason as it is kept, without blanks around it.

    NoReason where it has neither letter nor digit (blanks, signs, characters that nobody sees), ReasonTooLong above
    MOST characters.
    """
    found = reason.strip()
    if not any(one.isalnum() for one in found):
        raise NoReason("没有写明理由。", remedy="请用一句话写明理由，它写入账本，不能再改。")
    if len(found) > MOST:
        raise ReasonTooLong(
            f"理由太长，有 {len(found)} 个字。",
            remedy=f"至多 {MOST} 个字；更长的请写成文书，在理由里写明文号。",
        )
    return found
