"""The notices of the invented firm, written for the demo: to staff and to customers, one for each means."""

from jieli.consent.types import Means, NewNotice, Scope, SubjectKind
from jieli.wiring.demo.people import ENTITY

_SCOPES = (Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE, Scope.SERVICE)
_HOURS = "仅在您的班次之内，以及您本人申请并获批的加班时段；休息日、法定节假日、请假和离岗时段不启用"
_CONTACT = f"{ENTITY}合规部，演示电话 19900000000"


def staff_notice(means: Means) -> NewNotice:
    """What staff are told of one means."""
    return NewNotice(
        kind=SubjectKind.STAFF,
        title=f"员工个人信息处理告知书（{means.value}）",
        text=_staff_text(means),
        means=(means,),
        scopes=_SCOPES,
        purpose="防止私单和飞单、核对对客户的承诺、处理投诉、接续客户服务、在争议中举证",
        hours=_HOURS,
        use="须有目的、权限和在办事项才能查阅；查阅先入账，您能看到谁因何查阅；不作为扣发工资的依据",
        retention="三年；到期销毁并出具证明，争议保全期间除外",
        categories=f"工作账号与客户之间的{means.value}内容、时间和双方标识",
        contact=_CONTACT,
        rights="可以查阅、复制、更正、撤回同意、提出异议和投诉；向合规部书面提出或在本人页面办理，十五日内答复",
        summary="工作账号里与客户的往来会被保存并且任何人改不了；您可以不同意、可以随时撤回，不影响工资和岗位；同事之间的聊天不保存",
    )


def _staff_text(means: Means) -> str:
    return (
        f"{ENTITY}为核对对客户的承诺、处理投诉和防止私单，拟对您使用的工作账号启用{means.value}。\n"
        f"一、范围：只限工作账号与已登记客户之间的往来。同事之间、与家人朋友之间的内容一概不保存。\n"
        f"二、时段：{_HOURS}。\n"
        "三、查阅：任何人查阅都须写明目的和事项，先记入账本再显示内容，您能看到每一次查阅。\n"
        "四、您的选择：对每一项用途可以分别同意或不同意；不同意不影响工资、岗位和客户分配；同意之后可以随时撤回。\n"
        "五、客户与您各自独立作出选择，任何一方没有同意，都不保存。\n"
        "本文件为演示之用，公司与人物均为虚构。"
    )


def customer_notice(means: Means) -> NewNotice:
    """What customers are told of one means."""
    return NewNotice(
        kind=SubjectKind.CUSTOMER,
        title=f"个人信息处理规则（{means.value}）",
        text=_customer_text(means),
        means=(means,),
        scopes=_SCOPES,
        purpose="核对我们对您的承诺、处理您的投诉、在换人服务时不遗漏、在争议中举证",
        hours="仅在服务人员的工作时段",
        use="须有目的、权限和在办事项才能查阅；不用于推销，不向第三方提供",
        retention="三年；您要求删除且没有法定保全事由的，及时销毁并出具证明",
        categories=f"您与我们工作账号之间的{means.value}内容、时间和平台标识；未成年人须由监护人决定",
        contact=_CONTACT,
        rights="可以查阅、复制、更正、删除、撤回同意和投诉；书面或电话提出均可，十五日内答复",
        summary="您和我们工作人员的聊天会被保存以便核对承诺；不同意也照常上课；不满十四周岁须由监护人同意",
    )


def _customer_text(means: Means) -> str:
    return (
        f"尊敬的家长：为核对我们对您的承诺，{ENTITY}拟保存您与我们工作账号之间的{means.value}内容。\n"
        "一、您可以不同意，课程和服务照常；也可以只同意其中一项用途。\n"
        "二、孩子不满十四周岁的，由监护人决定；没有监护人的同意，我们不保存。\n"
        "三、查阅会留痕，任何人都不能改动或悄悄删除；您要求删除的，我们出具写明两个日期的销毁证明。\n"
        "四、不用于推销，不向任何第三方提供。\n"
        "本文件为演示之用，公司与人物均为虚构。"
    )
