"""Trust policies: the specification's grammar, and who must have signed."""

import pytest

from seal import checkpoint, policy
from seal.errors import MismatchError, SealError
from seal.keys import COSIGNATURE, signer_of
from tests.seal.packages import digest, policy_text, signed_checkpoint, signer

LOG = signer("log.example/one")
OTHER = signer("log.example/two")
W = tuple(signer(f"witness{n}.example", kind=COSIGNATURE) for n in range(6))
V = [one.vkey.format() for one in W]
L = LOG.vkey.format()

TWO_LEVELS = f"""\
# two operators must agree
log {L} https://log.example/

witness X1 {V[0]}
\twitness X2   {V[1]}\t
witness X3 {V[2]} https://x3.example/
group X 2 X1 X2 X3
witness Y1 {V[3]}
witness Y2 {V[4]}
group Y any Y1 Y2
group both all X Y
quorum both
"""


def decide(text, witnesses, log=LOG):
    head, signed = checkpoint.parse(signed_checkpoint(log, 7, digest("root"), witnesses))
    return policy.evaluate(policy.parse(text.encode()), head, signed)


@pytest.mark.parametrize(
    ("who", "met"),
    [
        ((), False),
        ((0, 1), False),
        ((0, 3), False),
        ((0, 2, 4), True),
        ((0, 1, 2, 3, 4), True),
        ((3, 4, 5), False),
    ],
)
def test_groups_of_groups_decide_the_quorum(who, met):
    decision = decide(TWO_LEVELS, tuple(W[n] for n in who))
    assert (decision.log_ok, decision.quorum_ok, decision.satisfied) == (True, met, met)
    assert bool(decision.reasons) != met


def test_the_decision_names_the_witnesses_of_the_policy_and_their_times():
    decision = decide(TWO_LEVELS, (W[0], W[5], W[4]))
    assert decision.witnesses == (("X1", 1_790_000_107), ("Y2", 1_790_000_107))


def test_another_log_does_not_satisfy_the_policy():
    decision = decide(f"log {L}\nquorum none\n", (), log=OTHER)
    assert (decision.log_ok, decision.quorum_ok, decision.satisfied) == (False, True, False)


def test_a_trusted_log_vouches_only_under_its_own_origin():
    head, signed = checkpoint.parse(signed_checkpoint(LOG, 7, digest("root")))
    foreign = checkpoint.Checkpoint("log.example/two", head.size, head.root)
    named = policy.parse(f"log {L}\nquorum none\n".encode())
    assert not policy.evaluate(named, foreign, signed).log_ok


def test_a_log_is_no_witness_of_itself():
    own = signer_of("witness9.example", LOG.seed, kind=COSIGNATURE)
    both = f"log {L}\nwitness own {own.vkey.format()}\nwitness X {V[0]}\ngroup two 2 own X\n"
    for quorum, satisfied in (("own", False), ("two", False), ("X", True), ("none", True)):
        decision = decide(f"{both}quorum {quorum}\n", (own, W[0]))
        assert (decision.satisfied, decision.witnesses) == (satisfied, (("X", 1_790_000_107),))


def test_a_wrong_signature_of_a_named_witness_is_an_error_even_when_others_suffice():
    data = signed_checkpoint(LOG, 7, digest("root"), (W[0], W[1]))
    other = signed_checkpoint(LOG, 8, digest("root"), (W[1],))
    swapped = b"\n".join([*data.split(b"\n")[:-2], other.split(b"\n")[-2], b""])
    head, signed = checkpoint.parse(swapped)
    text = f"log {L}\nwitness a {V[0]}\nwitness b {V[1]}\ngroup g any a b\nquorum g\n"
    with pytest.raises(MismatchError):
        policy.evaluate(policy.parse(text.encode()), head, signed)


def test_urls_are_kept_and_thirty_two_of_each_are_accepted():
    crowd = tuple(signer(f"crowd{n}.example", kind=COSIGNATURE) for n in range(32))
    read = policy.parse(policy_text(LOG, crowd, quorum=20))
    assert len(read.witnesses) == 32
    assert policy.parse(TWO_LEVELS.encode()).urls[L] == "https://log.example/"


def test_names_are_opaque_bytes():
    text = (
        b"witness \xffK " + V[0].encode() + b"\nwitness \xe2\x84\xaa " + V[1].encode() + b"\nquorum \xffK\n"
    )
    assert policy.parse(text).quorum == b"\xffK"


BAD = [
    ("nothing", "", "policy.quorum"),
    ("no quorum", f"log {L}\n", "policy.quorum"),
    ("two quorums", "quorum none\nquorum none\n", "policy.quorum"),
    ("quorum not defined", "quorum a\n", "policy.quorum"),
    ("quorum defined later", f"quorum a\nwitness a {V[0]}\n", "policy.quorum"),
    ("no last newline", "quorum none", "policy.end"),
    ("carriage return", "quorum none\r\n", "policy.control"),
    ("unknown word", "logs x\nquorum none\n", "policy.line"),
    ("upper case", f"LOG {L}\nquorum none\n", "policy.line"),
    ("too few words", "log\nquorum none\n", "policy.line"),
    ("too many words", f"log {L} url more\nquorum none\n", "policy.line"),
    ("bad key", "log abc\nquorum none\n", "keys.vkey"),
    ("witness key as log", f"log {V[0]}\nquorum none\n", "policy.key"),
    ("log key as witness", f"witness a {L}\nquorum none\n", "policy.key"),
    ("same log twice", f"log {L}\nlog {L}\nquorum none\n", "policy.duplicate"),
    ("same witness twice", f"witness a {V[0]}\nwitness b {V[0]}\nquorum none\n", "policy.duplicate"),
    ("name twice", f"witness a {V[0]}\nwitness a {V[1]}\nquorum none\n", "policy.name"),
    ("name of a group", f"witness a {V[0]}\ngroup a any a\nquorum none\n", "policy.name"),
    ("reserved name", f"witness none {V[0]}\nquorum none\n", "policy.name"),
    ("empty group", "group g any\nquorum none\n", "policy.line"),
    ("member unknown", "group g any a\nquorum none\n", "policy.group"),
    ("none as member", "group g any none\nquorum none\n", "policy.group"),
    ("member twice", f"witness a {V[0]}\ngroup g all a a\nquorum g\n", "policy.group"),
    ("member of two", f"witness a {V[0]}\ngroup g any a\ngroup h any a\nquorum g\n", "policy.group"),
    ("zero of one", f"witness a {V[0]}\ngroup g 0 a\nquorum g\n", "policy.group"),
    ("two of one", f"witness a {V[0]}\ngroup g 2 a\nquorum g\n", "policy.group"),
    ("leading zero", f"witness a {V[0]}\ngroup g 01 a\nquorum g\n", "policy.group"),
    ("too long", "#" * (policy.MAX_POLICY + 1) + "\n", "policy.size"),
]


@pytest.mark.parametrize(("text", "code"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_policies_are_refused_by_their_own_code(text, code):
    with pytest.raises(SealError) as error:
        policy.parse(text.encode())
    assert error.value.code == code
