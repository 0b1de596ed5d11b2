"""`jieli load`: templates out, sheets in, faults by file, line and column, and nothing the second time."""

import json
from pathlib import Path

from jieli.connectors.files.company import SHEETS
from tests.conftest import ORIGIN
from tests.doors.cli import Jieli


def test_the_templates_are_written_and_load_as_they_are_and_twice_is_nothing(
    fresh: Jieli, tmp_path: Path
) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    sheets = tmp_path / "公司资料"
    written = fresh.answer("load", sheets, "--templates")["templates"]
    assert [Path(p).name for p in written] == [sheet.file for sheet in SHEETS]
    assert fresh.refused("load", sheets, "--templates")["code"] == "load.template_exists"
    first = fresh.answer("load", sheets)
    assert (first["new"], first["refused"], first["errors"]) == (first["rows"], 0, [])
    size = fresh.answer("ledger", "status")["size"]
    second = fresh.answer("load", sheets)
    assert (second["new"], second["changed"], second["unchanged"]) == (0, 0, first["rows"])
    assert fresh.answer("ledger", "status")["size"] == size
    assert f"新增 0，变更 0，未变 {first['rows']}，拒收 0" in fresh.said("load", sheets)


def test_faults_are_told_by_file_line_and_column_and_never_by_what_stood_there(
    fresh: Jieli, tmp_path: Path
) -> None:
    (tmp_path / "法人.csv").write_text(
        "法人代码,名称,统一社会信用代码\nQH,青禾茶业,91310000MA00000001\n", "utf-8"
    )
    (tmp_path / "部门.csv").write_text("部门代码,名称,法人代码,上级部门代码\nS1,门店一部,QH,\n", "utf-8")
    (tmp_path / "员工.csv").write_text(
        "工号,姓名,部门代码,岗位,入职日期\nE1,何青,S1,销售,2024-03-01\nE2,陆川,S1,客服,某年某月\nE3,苏禾,无此部门,客服,2024-03-01\n",
        "utf-8",
    )
    found = fresh.answer("load", tmp_path)
    assert (found["new"], found["refused"]) == (3, 2)
    assert [(e["file"], e["line"], e["column"]) for e in found["errors"]] == [
        ("员工.csv", 3, "入职日期"), ("员工.csv", 4, "部门代码"),
    ]  # fmt: skip
    assert all(e["code"] and e["sentence"] and e["remedy"] for e in found["errors"])
    said = fresh.said("load", tmp_path)
    for words in ("员工.csv", "入职日期", found["errors"][0]["code"], "拒收 2"):
        assert words in said
    for words in ("某年某月", "无此部门", "陆川", "苏禾"):
        assert words not in said + json.dumps(found, ensure_ascii=False)


def test_a_load_of_which_nothing_went_in_ends_with_one(fresh: Jieli, tmp_path: Path) -> None:
    (tmp_path / "员工.csv").write_text("工号,姓名\n", "utf-8")
    done = fresh("load", tmp_path, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["errors"]


def test_where_there_is_nothing_to_load_it_says_so(jieli: Jieli, tmp_path: Path) -> None:
    assert jieli.refused("load", tmp_path / "none")["code"] == "load.no_directory"
    assert jieli.refused("load", tmp_path)["code"] == "load.nothing_to_load"
    assert jieli.refused("load", tmp_path, "--as", "nobody")["code"] == "cli.nobody"
    assert jieli.refused("load", tmp_path, "--as", "yan")["code"] == "access.forbidden"
