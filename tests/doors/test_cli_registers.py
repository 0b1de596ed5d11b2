"""What was destroyed, what was published, and who is meant by a number: registers that commands show again."""

from pathlib import Path

from jieli.consent import queries
from jieli.kernel.times import DAY, local_day
from jieli.parties import operations as parties
from jieli.parties.types import NewCustomer
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, items
from tests.doors.test_cli_archive import WHY
from tests.doors.test_cli_consent import written
from tests.rooms.company import BY, thread

STAFF = ("--kind", "员工", "--as", "yan")


def test_every_destruction_is_listed_with_its_state_its_certificate_and_both_dates(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    done = jieli.answer("shred", "person", "wm-lin", *WHY)
    assert jieli.answer("shred", "list", "--as", "admin") == {"unfinished": []}
    [listed] = jieli.answer("shred", "list", "--all", "--as", "admin")["destructions"]
    assert (listed["state"], listed["step"], listed["items"]) == ("完成", None, len(TALK))
    for name in ("shred", "certificate", "live_gone_at", "backups_gone_by"):
        assert listed[name] == done[name]
    said = jieli.said("shred", "list", "--all", "--as", "admin")
    assert "1 项销毁，其中 0 项未完" in said
    assert f"{local_day(done['backups_gone_by']):%Y-%m-%d}" in said.replace("\n", "")


def test_the_list_of_destructions_begins_on_the_day_that_is_asked_for(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    first = jieli.answer("shred", "items", items(jieli)[0]["item"], *WHY)
    jieli.at += 3 * DAY
    second = jieli.answer("shred", "person", "wm-lin", *WHY)
    since = ("shred", "list", "--as", "admin", "--since")
    told = jieli.answer(*since, f"{local_day(jieli.at):%Y-%m-%d}")["destructions"]
    assert [one["shred"] for one in told] == [second["shred"]]
    told = jieli.answer("shred", "list", "--all", "--as", "admin")["destructions"]
    assert [one["shred"] for one in told] == [second["shred"], first["shred"]]
    assert jieli.refused(*since, "昨天")["code"] == "cli.bad_day"


def test_notices_are_listed_again_with_their_ids_and_which_version_is_in_force(
    jieli: Jieli, tmp_path: Path
) -> None:
    first = jieli.answer("consent", "publish", written(tmp_path), "--as", "yan")["notice"]
    jieli.at += DAY
    second = jieli.answer("consent", "publish", written(tmp_path, text="第二版。"), "--as", "yan")["notice"]
    serve = ("consent", "serve", "LuChuan", "--notice", first, "--how", "当面签收", *STAFF)
    assert jieli.answer(*serve) == {"served": 1}
    told = {one["notice"]: one for one in jieli.answer("consent", "notices", "--as", "yan")["notices"]}
    assert set(told) >= {first, second}
    assert (told[first]["state"], told[first]["served"]) == ("已有新版", 1)
    assert (told[second]["state"], told[second]["served"], told[second]["kind"]) == ("现行", 0, "员工")
    assert told[second]["version"] == told[first]["version"] + 1
    assert (told[first]["at"], told[second]["at"]) == (NOW, NOW + DAY)
    assert second in jieli.said("consent", "notices", *STAFF).replace("\n", "")
    customers = jieli.answer("consent", "notices", "--kind", "客户", "--as", "yan")["notices"]
    assert {one["notice"] for one in customers} & {first, second} == set()


def test_the_notices_that_reached_somebody_are_listed_by_his_number(jieli: Jieli, tmp_path: Path) -> None:
    notice = jieli.answer("consent", "publish", written(tmp_path), "--as", "yan")["notice"]
    jieli.answer("consent", "serve", "LuChuan", "--notice", notice, "--how", "企业微信", *STAFF)
    told = jieli.answer("consent", "notices", "LuChuan", "--as", "yan")["notices"]
    assert len(told) == len(queries.notices_served(jieli.company.staff["LuChuan"]))
    [newest] = [one for one in told if one["notice"] == notice]
    assert (newest["person"], newest["how"], newest["state"]) == ("LuChuan", "企业微信", "现行")
    assert "LuChuan" in jieli.said("consent", "notices", "LuChuan", "--as", "yan")
    assert jieli.refused("consent", "notices", "nobody", "--as", "yan")["code"] == "wiring.unknown_subject"
    assert jieli.refused("consent", "notices", "--as", "admin")["code"] == "access.forbidden"


def test_a_search_for_a_number_of_two_people_is_refused_until_it_is_said_which(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    parties.register_customers([NewCustomer("HeQing", "何先生")], by=BY, at=jieli.at)
    search = ("search", "明前", "--purpose", "投诉溯源", "--matter", thread(), "--as", "yan", "--party")
    refused = jieli.refused(*search, "HeQing")
    assert (refused["code"], "--kind" in refused["remedy"]) == ("wiring.ambiguous_subject", True)
    assert jieli.answer(*search, "HeQing", "--kind", "客户")["count"] == 0
    assert jieli.answer(*search, "wm-lin")["count"] > 0
    assert jieli.refused(*search, "nobody")["code"] == "wiring.unknown_subject"
