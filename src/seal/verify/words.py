"""The sentences of a verification, Chinese and English: data, so that the report has no prose in its code."""

from __future__ import annotations

from typing import Final

Pair = tuple[str, str]

VERDICTS: Final[dict[int, Pair]] = {
    0: (
        "核验通过：包内各项与账本相符，并满足您指定的信任策略；是否齐全、最迟何时固定，见各行说明。",
        "Verified: what is in it agrees with the ledger, and the policy you named is satisfied;"
        " whether it is whole, and since when it is fixed, the lines say.",
    ),
    1: (
        "核验不通过：有内容、推导或签名对不上，不应采信。",
        "Failed: a content, a proof or a signature does not agree; do not rely on it.",
    ),
    2: (
        "不是规范的证据包：文件损坏、被改动、并非原件，或出自更新的版本，无法核验。",
        "Malformed: damaged, changed, not the original, or of a later version; it cannot be verified.",
    ),
    3: (
        "自身一致，但不能确认您指定的人按您的要求为它担保，不能据此认定来源。",
        "Consistent in itself, but it is not shown that those you named vouch for it as you ask;"
        " its origin is not shown.",
    ),
}

STEPS: Final[dict[int, tuple[str, dict[str, Pair]]]] = {
    1: (
        "container",
        {
            "ok": (
                "容器完整、规范，每个字节都与规定一致。",
                "The container is whole and canonical to the byte.",
            ),
            "bad": (
                "不是规范的容器，或已损坏、被改动；请索取原件。",
                "Not a canonical container, or damaged or changed; ask for the original.",
            ),
        },
    ),
    2: (
        "sums",
        {
            "ok": (
                "清单与包内文件一一对应，摘要全部相符。",
                "The list names exactly the files, and every digest agrees.",
            ),
            "bad": (
                "清单与包内文件不符：有文件被改动、增加或缺失。",
                "The list does not agree with the files: one was changed, added or is missing.",
            ),
        },
    ),
    3: (
        "form",
        {
            "ok": ("各文件与各行均为规范格式。", "Every file and line is in its canonical form."),
            "bad": ("有文件或行不是规范格式。", "A file or line is not in its canonical form."),
        },
    ),
    4: (
        "parts",
        {
            "ok": (
                "每条消息与每项记录都能推导到所属的账本条目。",
                "Every message and record leads to the ledger entry it belongs to.",
            ),
            "bad": (
                "有消息、记录或送达文件推导不到账本条目，内容可能被改动。",
                "A message, record or served paper does not lead to its entry; it may have been changed.",
            ),
        },
    ),
    5: (
        "entries",
        {
            "ok": (
                "每个账本条目都在最新检查点之内。",
                "Every ledger entry stands under the newest checkpoint.",
            ),
            "bad": (
                "有账本条目不在最新检查点之内。",
                "A ledger entry does not stand under the newest checkpoint.",
            ),
        },
    ),
    6: (
        "prefixes",
        {
            "ok": (
                "较早的检查点都是最新检查点的前缀：账本只增不改。",
                "Older checkpoints are prefixes of the newest: the ledger only grew.",
            ),
            "bad": (
                "有较早的检查点不是最新检查点的前缀：账本曾被改写，或证明不对。",
                "An older checkpoint is not a prefix of the newest: the ledger was rewritten, or the proof is wrong.",
            ),
        },
    ),
    7: (
        "counts",
        {
            "ok": ("数量与缺漏说明相符。", "The counts and the statement of omissions agree."),
            "bad": (
                "数量或缺漏说明与包内内容不符，或者与账本里的制作登记不符：有内容被拿走、添加或换过。",
                "A count or the statement of omissions does not agree with what is there, or not with what"
                " the ledger registers of the package: something was taken out, added or exchanged.",
            ),
        },
    ),
    8: (
        "trust",
        {
            "ok": (
                "签名有效，满足您指定的信任策略。",
                "The signatures are right, and the policy you named is satisfied.",
            ),
            "bad": ("有策略所列密钥的签名不对。", "The signature of a key that a policy names is wrong."),
            "unvouched": (
                "没有您指定的人为它担保：未给策略、见证不足、不是您指定的账本，或本机无法验签。",
                "Nobody you named vouches for it: no policy, too few witnesses, another log,"
                " or a signature that cannot be checked here.",
            ),
        },
    ),
    9: (
        "timestamps",
        {
            "ok": (
                "时间戳有效，由您给出的根证书签发。",
                "The timestamps are right, under the roots you gave.",
            ),
            "bad": (
                "时间戳与检查点不符，或不是您给出的根证书签发。",
                "A timestamp is not over its checkpoint, or not signed under the roots you gave.",
            ),
            "none": (
                "包内没有时间戳：时间未经时间戳机构固定。",
                "The package has no timestamps: no authority fixed its times.",
            ),
            "no_roots": (
                "时间未核验：未给出时间戳机构的根证书（--tsa-ca）。",
                "Times not verified: no roots of timestamp authorities were given (--tsa-ca).",
            ),
            "unvouched": (
                "时间未核验：本机没有可用的核验程序。",
                "Times not verified: no program at hand can check timestamps.",
            ),
        },
    ),
}

# What each step asks, for people who read a verification for the first time.
ASKS: Final[dict[int, Pair]] = {
    1: ("文件是不是原样、有没有损坏", "Is the file whole, and just as it was made?"),
    2: ("清单上的每个文件是不是都在、都没换过", "Is every file of the list there, and none exchanged?"),
    3: ("里面的内容是不是都按规定的格式写", "Is everything inside written in the one form laid down?"),
    4: (
        "每条消息和记录是不是入账时的那一条",
        "Is each message and record the one that was entered in the ledger?",
    ),
    5: ("它们所在的条目是不是真在账本里", "Do the entries they belong to really stand in the ledger?"),
    6: ("账本有没有被改写过", "Was the ledger ever rewritten?"),
    7: ("说有多少就有多少吗，缺的写明了吗", "Is there as much as it says, and does it say what is missing?"),
    8: ("您信任的人签了字吗", "Did those whom you trust sign?"),
    9: ("最迟什么时候就有了", "Since when, at the latest, does it exist?"),
}

NOT_REACHED: Final[Pair] = ("未进行：前面的步骤没有通过。", "Not done: an earlier step did not pass.")

TEMPLATES: Final[dict[str, Pair]] = {
    "step": ("步骤 {n} {asks}？[{mark}]", "Step {n} {asks} [{mark}]"),
    "state_ok": ("通过", "ok"),
    "state_failed": ("不通过", "FAILED"),
    "state_malformed": ("不规范", "MALFORMED"),
    "state_unvouched": ("无担保", "UNVOUCHED"),
    "state_skipped": ("未核验", "not done"),
    "demo": ("演示时钟：本包的时间不是真实时间。", "Demo clock: the times of this package are not real."),
    "witness": ("见证：{name}，{time}。", "Witnessed by {name} at {time}."),
    "witness_untimed": ("见证：{name}，未写明时间。", "Witnessed by {name}, who states no time."),
    "unchecked": (
        "未核：{name}（{algorithm}），本机没有可用的程序；它没有被算作担保。",
        "Not checked: {name} ({algorithm}); no program for it is at hand, and it counted for nothing.",
    ),
    "no_witness": (
        "未见证：没有您指定的见证方副署。",
        "Not witnessed: no witness that you named cosigned.",
    ),
    "fixed": (
        "条目 {span} 至迟于 {time} 固定（{source}）。",
        "Entry {span} was fixed no later than {time} ({source}).",
    ),
    "omitted": (
        "未收入：{what}，{count} 项，原因：{reason}。",
        "Omitted: {what}, {count}, because: {reason}.",
    ),
    "whole": (
        "制作登记：条目 {entry} 登记了本包：消息、登记行、缺漏清单、书面文件与送达文件、"
        "本包自称的类别和时钟，都与登记相同。",
        "Registered: entry {entry} registers this package: its messages, records, omissions, papers, served papers, and"
        " the kind and clock that it states are all as registered.",
    ),
    "registered": (
        "制作登记：条目 {entry} 登记了本包，消息条数、缺漏清单、制作方的书面文件与登记相同；"
        "是哪几条消息、有没有别的记录被拿走，这份早先的登记里没有写。",
        "Registered: entry {entry} registers this package, with as many messages, this list of omissions and these"
        " papers of the maker's; which messages they are, and whether other records were taken out, this earlier form"
        " does not say.",
    ),
    "unregistered": (
        "没有制作登记：包内没有条目登记本包应有什么；是否齐全、略去了什么，只是交出本包的人的说法，账本没有固定。",
        "Not registered: no entry shown here says what this package should hold; that it is whole, and what was left"
        " out, is the word of whoever hands it over, and the ledger does not fix it.",
    ),
    "unsealed": (
        "文件《{name}》的摘要未见于包内账本条目：是制作方的陈述，未经账本固定。",
        "The digest of {name} stands in no entry shown here: its maker states it, the ledger does not fix it.",
    ),
    "not_proved": ("本包不证明：{what}", "Not proved by this package: {what}"),
    "verdict": ("结论（退出码 {exit}）：{verdict}", "Verdict (exit {exit}): {verdict}"),
}
