"""What can go wrong in the index, with a remedy and a stable code."""

from jieli.kernel.errors import JieliError


class IndexCorrupt(JieliError):
    """Bytes of the index are not what the index writes. The index is derived: nothing kept is lost."""

    code = "archive.index_corrupt"

    def __init__(self, what: str) -> None:
        super().__init__(f"检索索引已损坏（{what}）。", remedy="请重建该月份的检索索引；存档内容不受影响。")


class QueryTooShort(JieliError):
    """Fewer than two characters after folding: the index cannot answer, a scan would open everything."""

    code = "search.too_short"

    def __init__(self) -> None:
        super().__init__("检索词不足两个字符。", remedy="请至少输入两个字符（不可见的字符不计）。")
