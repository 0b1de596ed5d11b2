"""What is passed on with a customer: the fewest fields that serve him (R2.7, PIPL-6). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

#: The whole of it, in the order of the list that is printed.
FIELDS = ("客户编号", "称呼", "地域", "行业", "语言", "资质", "在途订单", "业务备注")


@dataclass(frozen=True, slots=True)
class Remark:
    """A note about a customer; `personal` when the person who wrote it, or his keeper, marked it 个人."""

    text: str
    personal: bool = False


@dataclass(frozen=True, slots=True)
class OpenOrder:
    order_no: str
    product: str
    ordered_on: date


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One customer as the receiver gets him. There is no field for a phone number, a price history or a score."""

    customer_no: str
    name: str
    region: str
    industry: str
    language: str
    qualification: str
    open_orders: tuple[OpenOrder, ...]
    remarks: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """The texts of FIELDS, in their order."""
        orders = "；".join(
            f"{o.order_no} {o.product}（{o.ordered_on.isoformat()}）" for o in self.open_orders
        )
        plain = (self.customer_no, self.name, self.region, self.industry, self.language, self.qualification)
        return (*plain, orders, "；".join(self.remarks))


def business_remarks(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """The remarks that may be passed on; one marked 个人 never is."""
    return tuple(r.text.strip() for r in remarks if not r.personal and r.text.strip())
