"""The comment on a pull request: the claims that changed, and DVC's table of metrics."""

from pathlib import Path

import pytest

from recurrent.common import files
from scripts import pull_request_comment
from scripts.pull_request_comment import (
    CLAIMS,
    LONGEST,
    changed_claims,
    claims_table,
    comment,
    metrics_table,
    read,
)
from tests.commands.workspace import Workspace
from tests.project import ROOT, Project

BUNDLED, UPSTREAM = CLAIMS
NO_METRICS = (
    "| Path | Metric | HEAD | workspace | Change |\n|---|---|---|---|---|"  # as DVC prints it
)
HEAD = "id,lecture,row,statement,value,verdict\n"
BEFORE = HEAD + "a,names,B1,One.,1.0,holds\nb,names,B2,Two.,2.0,fails\nc,lyrics,C1,Three.,,\n"
AFTER = HEAD + "a,names,B1,One.,1.1,holds\nc,lyrics,C1,3 | three.,3.0,holds\nd,hard,D1,Four.,,\n"


@pytest.fixture
def workspace(project: Project, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A small project under git and DVC."""
    return Workspace(project, monkeypatch)


def test_claims_with_another_verdict_are_listed_with_both_verdicts() -> None:
    changed = changed_claims(read(BEFORE), read(AFTER)).set_index("id")
    assert changed[["before", "after"]].to_dict("index") == {
        "b": {"before": "fails", "after": "removed"},
        "c": {"before": "not tested", "after": "holds"},
        "d": {"before": "new", "after": "not tested"},
    }
    assert changed["statement"].to_dict() == {"b": "Two.", "c": "3 | three.", "d": "Four."}


def test_a_value_that_changes_no_verdict_is_no_change() -> None:
    other = BEFORE.replace("1.0", "7.5").replace("One.", "Reworded.")
    assert changed_claims(read(BEFORE), read(other)).empty


def test_a_row_of_the_table_stays_one_row() -> None:
    table = claims_table(changed_claims(read(BEFORE), read(AFTER)))
    assert r"| `c` | lyrics | 3 \| three. | not tested → **holds** |" in table.splitlines()


def test_without_changes_the_comment_says_so() -> None:
    none = changed_claims(read(BEFORE), read(BEFORE))
    text = comment({BUNDLED: none, UPSTREAM: none}, NO_METRICS)
    assert "No claim changes its verdict." in text
    assert "No metric changes." in text
    assert BUNDLED not in text


def test_only_corpora_with_changed_claims_have_a_table() -> None:
    none = changed_claims(read(BEFORE), read(BEFORE))
    text = comment({BUNDLED: none, UPSTREAM: changed_claims(read(BEFORE), read(AFTER))}, NO_METRICS)
    assert f"**{UPSTREAM}**" in text
    assert f"**{BUNDLED}**" not in text


def test_a_long_table_is_cut_and_says_how_many_rows_are_missing() -> None:
    rows = [f"| scores/{number}.json | loss | 1 | 2 | 1 |" for number in range(3000)]
    table = metrics_table("\n".join(["| Path | Metric |", "|---|---|", *rows]))
    shown = table.count("| loss |")
    assert 0 < shown < 3000
    assert len(table) < LONGEST + 500 < 65_536
    assert "3,000 differ" in table
    assert f"{3000 - shown:,} more: run `dvc metrics diff`" in table


def test_the_workspace_is_compared_with_the_base(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    score = Path("metrics/scores/small.json")
    stage = {"cmd": "true", "metrics": [{str(score): {"cache": False}}]}
    files.write_json(Path("dvc.yaml"), {"stages": {"evaluate": stage}})
    files.write_json(score, {"loss": 1.5})
    files.write_text(CLAIMS[BUNDLED], BEFORE)
    workspace.commit()
    base = workspace.git("rev-parse", "HEAD").strip()
    files.write_json(score, {"loss": 1.25})
    files.write_text(CLAIMS[BUNDLED], AFTER)
    files.write_text(CLAIMS[UPSTREAM], AFTER)  # new in this pull request
    workspace.commit()

    pull_request_comment.main(base)
    text = capsys.readouterr().out
    assert "| `b` | names | Two. | fails → **removed** |" in text
    assert "| `a` | names | One. | new → **holds** |" in text
    [row] = [line for line in text.splitlines() if line.startswith(f"| {score} ")]
    assert [part.strip() for part in row.split("|")[2:-1]] == ["loss", "1.5", "1.25", "-0.25"]


@pytest.mark.parametrize("path", CLAIMS.values())
def test_the_claims_in_git_have_the_columns_that_are_read(path: Path) -> None:
    claims = read((ROOT / path).read_text(encoding="utf-8"))
    assert len(claims) > 20
    assert claims["id"].is_unique
