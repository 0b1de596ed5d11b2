"""The page that lies beside an excerpt: what it is, and a few lines of standard Python that check it."""

README = """\
媒体摘录：一个文件的一段，连同它属于整个文件的证明
An excerpt of a media file, with the proof that it belongs to the whole

excerpt.json 列出这一段的块、盐值、其余部分的哈希，以及登记；excerpt.* 是这些块的字节，首尾相接；proof.tlog 是账本条目的
证明（C2SP tlog-proof）。录音的第 0 块是文件头，其后每块一秒，所以摘录可以直接播放。
excerpt.json lists blocks, salts, the hashes of what is left out, and the register; the bytes lie beside it.

一、用核验程序 / with the verifier:

  seal excerpt 本文件夹 --policy 您信任的策略

二、不用我们的任何程序 / with no program of ours. 在本文件夹运行下面的 Python，只用标准库，全部相符才会打印 OK。
Run this here; it prints OK only if everything agrees up to the root of the checkpoint.

-----BEGIN PYTHON-----
import base64, hashlib, json
H = lambda data: hashlib.sha256(data).digest()
claim = json.load(open("excerpt.json", encoding="utf-8"))
row, bytes_, rest = claim["body"]["row"], open(claim["file"], "rb"), iter(claim["hashes"])
shown = {n: H(b"\\0" + bytes.fromhex(salt) + bytes_.read(size)) for n, salt, size in claim["blocks"]}
def fold(start, size):
    if not any(start <= n < start + size for n in shown):
        return bytes.fromhex(next(rest))
    if size == 1:
        return shown[start]
    left = 1 << (size - 1).bit_length() - 1
    return H(b"\\1" + fold(start, left) + fold(start + left, size - left))
def climb(node, n, size, path):
    last = size - 1
    for sibling in path:
        if n & 1 or n == last:
            node = H(b"\\1" + sibling + node)
            while not n & 1 and n:
                n, last = n >> 1, last >> 1
        else:
            node = H(b"\\1" + node + sibling)
        n, last = n >> 1, last >> 1
    return node
order = [n for n, *_ in claim["blocks"]]
if order != sorted(shown):
    raise SystemExit("不符：块的次序不对，或有重复 / blocks out of order, or twice")
if fold(0, row["blocks"]).hex() != row["root"] or bytes_.read(1) or next(rest, None) is not None:
    raise SystemExit("不符：这一段的字节不是所登记文件的 / these bytes are not of the registered file")
body = json.dumps(claim["body"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
head, _, checkpoint = open("proof.tlog", "rb").read().partition(b"\\n\\n")
header, extra, index, *path = head.split(b"\\n")
entry = base64.b64decode(extra[6:])
said = json.loads(entry)
leaf = H(b"\\0" + bytes.fromhex(claim["salt"]) + body)
if climb(leaf, claim["n"], said["count"], map(bytes.fromhex, claim["path"])).hex() != said["commitment"]:
    raise SystemExit("不符：登记不在账本条目之内 / the register's row does not stand in the entry")
origin, size, root = checkpoint.split(b"\\n")[:3]
if climb(H(b"\\0" + entry), int(index[6:]), int(size), map(base64.b64decode, path)) != base64.b64decode(root):
    raise SystemExit("不符：账本条目不在检查点之内 / the entry does not stand under the checkpoint")
print("OK", *(ascii(word.decode())[1:-1] for word in (origin, size, root)))
print("blocks", *order, "of", row["blocks"])
heard = [n for n in order if n or row.get("unit") != "秒"]
if heard and heard[-1] - heard[0] + 1 != len(heard):
    print("NOTE: not continuous, blocks in between are left out")
-----END PYTHON-----

块的编号是这一段在文件里的位置；录音的第 n 块（n ≥ 1）是第 n − 1 秒到第 n 秒。中间有缺的会写明（NOTE）：拿到长摘录的人，
不要密钥就能从中剪短。 Block n of a recording is its second n − 1 to n. A NOTE says where the stretch is not continuous:
whoever holds a longer excerpt can cut it without any key.

三、检查点是谁签的，见 proof.tlog 末尾的 signed-note（https://c2sp.org/signed-note）；信任谁，由您决定。
Who signed the checkpoint stands at the end of proof.tlog; whom to trust is for you to decide.
"""
