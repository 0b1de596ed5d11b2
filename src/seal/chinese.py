"""Every complaint of this package in one Chinese sentence: what is wrong, and what to do. Data for screens.

A message of :class:`SealError` is English and exact; this is what stands before it where people look first. A code
without a sentence of its own has that of its room, which says which of the things at hand is at fault.
"""

from __future__ import annotations

from typing import Final

_ROOMS: Final[dict[str, str]] = {
    "canonical": "其中有不规范的 JSON；请索取原件。",
    "checkpoint": "检查点的写法不规范；请索取原件。",
    "cli": "命令给出的文件或选项不能用；请核对。",
    "container": "不是规范的证据包，或已损坏、被改动；请索取原件。",
    "cosignature": "见证签名不成立；请核对见证方的密钥。",
    "entry": "账本条目的写法不规范；请索取原件。",
    "excerpt": "不是规范的媒体摘录，或已损坏、被改动；请索取原件。",
    "extract": "不能摘录；请核对编号与输出的位置。",
    "item": "消息的写法不规范；请索取原件。",
    "keys": "密钥的写法不对；请向它的主人再要一次。",
    "log": "账本文件与检查点不符；请重新取得，或另做一份。",
    "note": "签名文件的写法不规范，或签名不对；请索取原件。",
    "omission": "缺漏说明的写法不规范；请索取原件。",
    "package": "证据包的内容不合规定；请索取原件，或重新生成。",
    "part": "记录的写法不规范；请索取原件。",
    "policy": "信任策略的写法不对；请核对策略文件。",
    "proof": "证明的写法不规范；请索取原件。",
    "pyz": "核验程序没有写成；请另选一个文件名。",
    "show": "证据包没有通过自身的检查；请先用 seal verify 核验。",
    "sums": "清单与包内文件不符；请索取原件。",
    "tiles": "账本的哈希块不规范；请重新取得。",
    "timestamp": "时间戳不规范或不成立；请核对时间戳与根证书。",
    "tree": "证明与账本的根不符；请索取原件。",
    "trust": "您信任的人没有为它担保；请核对信任策略。",
    "witness": "交给见证方的请求不规范；请账本重新做一份。",
}

_OWN: Final[dict[str, str]] = {
    "cli.io": "读或写到一半失败（管道、磁盘已满、内存不足）；没有作出判断，请改用普通文件再运行。",
    "cli.out": "密钥文件已经存在，或写不进去；请用 --out 另选一处。",
    "cli.read": "给出的文件不存在、不能读取，或长得不像；请核对位置。",
    "cli.type": "SM2 签名不写时间，不能作见证方的密钥；请选 ed25519 或 mldsa。",
    "excerpt.entry": "证明说的是另一条账本条目；请索取原件。",
    "excerpt.long": "摘录的字节比所列的块多；请索取原件。",
    "excerpt.part": "账本条目里没有这么多项登记；请索取原件。",
    "excerpt.root": "这一段的字节不是所登记文件的；请索取原件。",
    "excerpt.short": "摘录的字节比所列的块少；请索取原件。",
    "excerpt.file": "摘录里缺文件，或文件不能读取；请核对位置，或索取原件。",
    "extract.absent": "证据包里没有这个编号的消息或记录；seal show 列出全部编号。",
    "extract.id": "编号的写法是“条目.序号”，如 2.1；seal show 列出全部编号。",
    "extract.out": "输出的文件夹已经存在，或建不成；请用 --out 另选一处。",
    "keys.name": "密钥的名称不合规定：要短，不含空白与加号。",
    "keys.no_crypto": "本机没有能验签的程序；请安装 Python 包 cryptography 或 openssl。",
    "keys.no_mldsa": "本机没有能验 ML-DSA-44 的程序；请安装新版 cryptography。",
    "keys.no_sm2": "本机没有能验 SM2 的程序；请安装 gmssl-pyx。",
    "log.missing": "账本缺文件；请重新取得，或另做一份。",
    "log.unsigned": "您给出的公钥都没有以账本的名义签过这个检查点；请核对公钥。",
    "note.signature": "检查点上有一行签名不对；请索取原件。",
    "package.no_sm3": "本机没有能算 SM3 的程序；请换用带 SM3 的 OpenSSL。",
    "package.register": "本包与账本里的制作登记不符：有内容被拿走、添加或换过；请索取原件。",
    "timestamp.no_crypto": "本机没有能核验时间戳的程序；请安装 rfc3161-client 或 OpenSSL。",
    "timestamp.roots": "给出的根证书文件里没有证书（PEM）；请取时间戳机构自己公布的文件。",
    "tree.inclusion": "登记或条目不在账本的根之内；请索取原件。",
    "trust.no_policy": "没有给出信任策略；请用 --policy 说明您信任谁。",
    "trust.quorum": "见证少于您的策略所要求的；请索取见证足够的，或核对策略。",
    "witness.key": "见证方的密钥种类不对；请用 seal keygen --cosigner 生成。",
    "witness.request": "文件夹里没有规范的见证请求；请账本重新做一份。",
}


def sentence(code: str) -> str:
    """The sentence of a code, or of its room; "" for a code that is none of ours."""
    return _OWN.get(code) or _ROOMS.get(code.partition(".")[0], "")
