import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent import config as params
from recurrent.data.names import clean as names
from recurrent.errors import PipelineError
from tests.project import ROOT, Project

CORPUS = params.load(ROOT / "params.yaml").corpora["names"]
ROWS = "王小红,女\n李伟,男\n"
TOLERANT = 1.0  # the share of malformed rows

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
NAMES = st.text(HAN, min_size=2, max_size=4)
TABLES = st.dictionaries(NAMES, st.sampled_from(["男", "女", "未知"]), max_size=20)
LINES = st.one_of(
    st.text(),
    st.text("王小红男女未知,， \t\u3000A\udce9", max_size=12),
    st.builds("{},{}".format, st.text(), st.sampled_from(["男", "女", "未知", "x"])),
)
REASONS = {
    *names.MALFORMED,
    "blank line",
    "not all Chinese characters",
    "one character",
    "too long",
}


def table(folder: Path, rows: str, *, header: str = "dict,sex\n", encoding: str = "utf-8") -> Path:
    path = folder / names.FILE
    path.write_bytes((header + rows).encode(encoding))
    return path


def read(path: Path, max_malformed: float = TOLERANT) -> tuple[dict[str, str], Counter[str]]:
    found, dropped = names.read(path, max_malformed)
    return dict(zip(found["name"], found["label"], strict=True)), dropped


@given(LINES)
def test_any_line_is_a_name_or_is_dropped_for_a_known_reason(line: str) -> None:
    name, label, reason = names.parse(line)
    assert reason in REASONS | {""}
    if not reason:
        assert 2 <= len(name) <= names.LONGEST
        assert not any(c.isascii() or c.isspace() or c == "，" for c in name)
        assert label in ("男", "女", "未知")


@given(st.binary())
def test_whatever_the_bytes_every_row_is_a_name_or_dropped(scratch: Path, rows: bytes) -> None:
    path = scratch / names.FILE
    path.write_bytes(b"dict,sex\n" + rows)
    labels, dropped = read(path)
    assert len(labels) + dropped.total() == len(rows.splitlines())


@given(st.binary())
def test_any_file_is_a_list_of_names_or_refused(scratch: Path, content: bytes) -> None:
    path = scratch / names.FILE
    path.write_bytes(content)
    try:
        names.check(path)
    except PipelineError as fault:
        assert f"{path}: no line 'dict,sex'" in str(fault)
    else:
        assert b"dict" in content


@given(
    TABLES,
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", "，", " ， "]),
    st.sampled_from(["", "names\n\n", "names\n2026.11.20\n\n"]),
    st.sampled_from(["dict,sex", "dict，sex", " dict , sex "]),
)
def test_a_table_is_read_back_however_it_is_laid_out(
    scratch: Path,
    labels: dict[str, str],
    mark: str,
    end: str,
    comma: str,
    preamble: str,
    header: str,
) -> None:
    rows = "".join(f" {name[0]} {name[1:]}{comma}{label}\n" for name, label in labels.items())
    path = scratch / names.FILE
    path.write_bytes(f"{mark}{preamble}{header}\n{rows}".replace("\n", end).encode())
    assert read(path, 0.0) == (labels, Counter())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "blank line"),
        (" \u3000\t\n", "blank line"),
        ("王小红", "not two fields"),
        ("王小红,女,x", "not two fields"),
        ("王小红,,女", "not two fields"),
        ("王小红,F", "unknown label"),
        ("王小红,", "unknown label"),
        (",女", "empty name"),
        (" \u3000,女", "empty name"),
        ("王\udce9,女", "not UTF-8"),
        ("王小红,\udce5女", "not UTF-8"),
        ("Anna,女", "not all Chinese characters"),
        ("王A,女", "not all Chinese characters"),
        ("阿·里,男", "not all Chinese characters"),
        ("王,女", "one character"),
        (f"{'王' * (names.LONGEST + 1)},女", "too long"),
        (f"{'王' * names.LONGEST},女", ""),
    ],
)
def test_a_row_is_dropped_for_what_is_wrong_with_it(line: str, reason: str) -> None:
    assert names.parse(line)[2] == reason


@pytest.mark.parametrize("name", ["王〇", "㐀王", "王𠀀", "豈更", "欧阳小红"])
def test_rare_characters_are_chinese_too(name: str) -> None:
    assert names.parse(f"{name},女\r\n") == (name, "女", "")


def test_the_same_row_twice_counts_once(tmp_path: Path) -> None:
    assert read(table(tmp_path, ROWS + "李伟，男\n李 伟,男\n")) == (
        {"王小红": "女", "李伟": "男"},
        {"repeated": 2},
    )


@pytest.mark.parametrize(
    "rows", ["李伟,男\n李伟,女\n", "李伟,未知\n李伟,女\n", "李伟,女\n李伟,未知\n"]
)
def test_two_labels_make_a_name_unknown(tmp_path: Path, rows: str) -> None:
    assert read(table(tmp_path, rows)) == ({"李伟": "未知"}, {"repeated with another label": 1})


def test_once_contradicted_a_name_stays_unknown(tmp_path: Path) -> None:
    labels, dropped = read(table(tmp_path, "李伟,男\n李伟,女\n李伟,男\n李伟,女\n"))
    assert labels == {"李伟": "未知"}
    assert dropped == {"repeated with another label": 3}


class TestTooManyMalformedRows:
    def test_the_error_quotes_their_numbers_in_the_file(self, tmp_path: Path) -> None:
        path = table(tmp_path, ROWS + "Anna,女\na,b,c\n李强,X\n", header="names\n\ndict,sex\n")
        with pytest.raises(PipelineError) as fault:
            names.read(path, 0.3)
        message = str(fault.value)
        assert str(path) in message
        assert "2 of 5 rows are malformed" in message
        assert "0.3" in message
        assert "max_malformed" in message
        assert "row 7 (not two fields): 'a,b,c'" in message
        assert r"row 8 (unknown label): '\u674e\u5f3a,X'" in message
        assert "Anna" not in message  # no name of ours, but well formed
        assert "UTF-8" in message

    def test_a_share_that_is_allowed_is_dropped(self, tmp_path: Path) -> None:
        path = table(tmp_path, ROWS + "a,b,c\n李强,X\n")
        labels, dropped = read(path, 0.5)
        assert labels == {"王小红": "女", "李伟": "男"}
        assert dropped == {"not two fields": 1, "unknown label": 1}

    def test_another_encoding_is_what_the_error_says(self, tmp_path: Path) -> None:
        path = table(tmp_path, ROWS, encoding="gb18030")
        with pytest.raises(PipelineError, match=r"row 2 \(not UTF-8\).*row 3 \(not UTF-8\)"):
            names.read(path, 0.01)

    def test_only_the_first_few_are_quoted(self, tmp_path: Path) -> None:
        path = table(tmp_path, "x\n" * 1000)
        with pytest.raises(PipelineError, match="1,000 of 1,000") as fault:
            names.read(path, 0.01)
        assert str(fault.value).count("not two fields") == names.QUOTED

    def test_rows_that_are_no_names_are_not_malformed(self, tmp_path: Path) -> None:
        path = table(tmp_path, ROWS + "\nAnna,女\n王,女\n李伟,男\n")
        assert read(path, 0.0)[1].total() == 4


@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", ROWS.encode(), b"\n" * 100 + b"dict,sex\n", b"dict,gender\n"]
)
def test_a_file_without_its_header_is_refused(project: Project, content: bytes) -> None:
    path = project.file(names.FILE, content)
    for refuse in (names.check, lambda path: names.read(path, TOLERANT)):
        with pytest.raises(PipelineError, match=r"no line 'dict,sex' within the first 100 lines"):
            refuse(path)


def test_a_header_on_the_last_line_allowed_is_found(project: Project) -> None:
    path = project.file(names.FILE, b"\n" * 99 + b"dict,sex\n" + ROWS.encode())
    names.check(path)
    assert len(names.read(path, 0.0)[0]) == 2


@pytest.mark.parametrize("rows", ["", "\n\n", "李伟,男\n李强,男\n", "李伟,男\n王小红,未知\n"])
def test_names_of_one_sex_alone_are_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(PipelineError, match="no usable names remain for both labels"):
        names.clean(table(tmp_path, rows), tmp_path, CORPUS)
    assert not (tmp_path / "names.csv").exists()


class TestClean:
    def clean(self, raw: Path, rows: str) -> tuple[dict[str, object], pd.DataFrame]:
        out = raw / "clean"
        out.mkdir()
        report = names.clean(table(raw, rows), out, CORPUS)
        assert json.loads(json.dumps(report)) == report  # it is written as JSON
        return report, pd.read_csv(out / "names.csv")

    def test_what_is_kept_and_dropped_adds_up(self, tmp_path: Path) -> None:
        rows = ROWS + "王小红,女\n\n李强,男\n李强,女\n李丽,未知\nA,女\n"
        report, kept = self.clean(tmp_path, rows)
        assert kept.to_dict("list") == {"name": ["王小红", "李伟"], "label": ["女", "男"]}
        assert report["rows"] == 8
        assert report["kept"] == {"names": 2, "男": 1, "女": 1}
        assert report["dropped"] == {
            "blank line": 1,
            "labelled 未知, or with both labels": 2,
            "not all Chinese characters": 1,
            "repeated": 1,
            "repeated with another label": 1,
        }

    def test_characters_are_counted_in_the_kept_names_alone(self, tmp_path: Path) -> None:
        report, _ = self.clean(tmp_path, "李小红,女\n李伟,男\n小丽,未知\n")
        assert report["most_frequent"] == {"李": 2, "伟": 1, "小": 1, "红": 1}
        assert report["distinct_characters"] == 4

    def test_where_the_source_is_known_its_probability_follows_the_name(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "truth.csv").write_text(
            "name,male_probability\n李伟,0.9\n无名,0.5\n王小红,0.1\n", encoding="utf-8"
        )
        _, kept = self.clean(tmp_path, ROWS)
        assert kept["male_probability"].tolist() == [0.1, 0.9]
