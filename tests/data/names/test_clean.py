"""Names: every row is kept, or dropped for a known reason; malformed files are refused."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.names import clean as names
from recurrent.data.synthetic.names import BAYES

CORPUS = Corpus(kind="names", synthetic=Synthetic(seed=0, size=1))
ROWS = "王小红,女\n李伟,男\n"
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
NAMES = st.text(HAN, min_size=2, max_size=4)
TABLES = st.dictionaries(NAMES, st.sampled_from(["男", "女", "未知"]), max_size=20)


def table(folder: Path, rows: str, *, header: str = "dict,sex\n", encoding: str = "utf-8") -> Path:
    path = folder / names.FILE
    path.write_bytes((header + rows).encode(encoding))
    return path


def read(path: Path, max_malformed: float = 1.0) -> tuple[dict[str, str], Counter[str]]:
    found, dropped = names.read(path, max_malformed)
    return dict(zip(found["name"], found["label"], strict=True)), dropped


@given(st.binary())
def test_every_row_of_any_bytes_is_kept_or_dropped(scratch: Path, rows: bytes) -> None:
    path = scratch / names.FILE
    path.write_bytes(b"dict,sex\n" + rows)
    labels, dropped = read(path)
    assert len(labels) + dropped.total() == len(rows.splitlines())
    for name, label in labels.items():
        assert names.parse(f"{name},{label}") == (name, label, "")


@given(
    TABLES,
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", "，", " ， "]),
    st.sampled_from(["", "names\n2026.11.20\n\n"]),
    st.sampled_from(["dict,sex", " dict ， sex "]),
)
def test_the_layout_of_a_table_does_not_matter(
    scratch: Path,
    labels: dict[str, str],
    mark: str,
    line_end: str,
    comma: str,
    preamble: str,
    header: str,
) -> None:
    rows = "".join(f" {name[0]} {name[1:]}{comma}{label}\n" for name, label in labels.items())
    path = scratch / names.FILE
    path.write_bytes(f"{mark}{preamble}{header}\n{rows}".replace("\n", line_end).encode())
    assert read(path, 0.0) == (labels, Counter())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (" \u3000\t\n", "blank line"),
        ("王小红", "not two fields"),
        ("王小红,女,x", "not two fields"),
        ("王小红,F", "unknown label"),
        (" \u3000,女", "empty name"),
        ("王\udce9,女", "not UTF-8"),
        ("王小红,\udce5女", "not UTF-8"),
        ("王A,女", "not all Chinese characters"),
        ("阿·里,男", "not all Chinese characters"),
        ("王,女", "one character"),
        (f"{'王' * (names.LONGEST + 1)},女", "too long"),
        (f"{'王' * names.LONGEST},女", ""),
        ("王〇㐀𠀀豈,女\r\n", ""),  # rare characters are Chinese, too
    ],
)
def test_a_row_is_dropped_for_a_reason(line: str, reason: str) -> None:
    assert names.parse(line)[2] == reason


@pytest.mark.parametrize(
    ("rows", "label", "dropped"),
    [
        ("李伟,男\n李伟，男\n李 伟,男\n", "男", {"repeated": 2}),
        ("李伟,未知\n李伟,女\n", "未知", {"repeated with another label": 1}),
        ("李伟,男\n李伟,女\n李伟,男\n", "未知", {"repeated with another label": 2}),
    ],
)
def test_a_repeated_name_counts_once_and_two_labels_make_it_unknown(
    tmp_path: Path, rows: str, label: str, dropped: dict[str, int]
) -> None:
    assert read(table(tmp_path, rows)) == ({"李伟": label}, dropped)


def test_too_many_malformed_rows_are_refused_and_quoted(tmp_path: Path) -> None:
    path = table(tmp_path, ROWS + "Anna,女\na,b,c\n李强,X\n", header="names\n\ndict,sex\n")
    with pytest.raises(PipelineError) as fault:
        names.read(path, 0.3)
    message = str(fault.value)
    assert message.startswith(f"{path}: 2 of 5 rows are malformed")
    assert "0.3 (max_malformed)" in message
    assert "row 7 (not two fields): 'a,b,c'" in message
    assert r"row 8 (unknown label): '\u674e\u5f3a,X'" in message
    assert "Anna" not in message  # dropped, but not malformed
    labels, dropped = read(path, 0.4)
    assert labels == {"王小红": "女", "李伟": "男"}
    assert dropped.total() == 3


@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", ROWS.encode(), b"\n" * 100 + b"dict,sex\n", b"dict,gender\n"]
)
def test_a_file_without_its_header_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / names.FILE
    path.write_bytes(content)
    with pytest.raises(PipelineError, match=r"the first 100 lines have no header 'dict,sex'"):
        names.check(path)
    path.write_bytes(b"\n" * 99 + b"dict,sex\n" + ROWS.encode())
    names.check(path)
    assert len(read(path, 0.0)[0]) == 2


def cleaned(raw: Path, rows: str) -> tuple[dict[str, object], pd.DataFrame]:
    out = raw / "clean"
    out.mkdir()
    report = names.clean(table(raw, rows), out, CORPUS)
    assert json.loads(json.dumps(report)) == report  # it is written as JSON
    return report, pd.read_csv(out / "names.csv")


def test_kept_and_dropped_rows_add_up(tmp_path: Path) -> None:
    rows = ROWS + "王小红,女\n\n李强,男\n李强,女\n小丽,未知\nA,女\n"
    report, kept = cleaned(tmp_path, rows)
    assert kept.to_dict("list") == {"name": ["王小红", "李伟"], "label": ["女", "男"]}
    assert report == {
        "rows": 8,
        "kept": {"names": 2, "男": 1, "女": 1},
        "dropped": {
            "blank line": 1,
            "labelled 未知, or with both labels": 2,
            "not all Chinese characters": 1,
            "repeated": 1,
            "repeated with another label": 1,
        },
        "given_names": {"shared_by": 10, "names": 0, "majority": None},
        "distinct_characters": 5,
        "most_frequent": dict.fromkeys("伟小李王红", 1),  # of the kept names alone
    }


def test_agreement_is_the_majority_among_names_that_share_a_given_name(tmp_path: Path) -> None:
    surnames = "赵钱孙李周吴郑王冯陈"
    shared = [f"{one},{'男' if place < 7 else '女'}" for place, one in enumerate(surnames)]
    rows = "".join(f"{row[0]}明,{row[2:]}\n{row[0]}芳,女\n" for row in shared)
    report, _ = cleaned(tmp_path, rows + "褚伟,男\n卫伟,女\n")
    assert report["given_names"] == {"shared_by": 10, "names": 20, "majority": (7 + 10) / 20}


def test_a_known_source_adds_its_probability_to_each_name(tmp_path: Path) -> None:
    (tmp_path / BAYES).write_text(
        "name,male_probability\n李伟,0.9\n无名,0.5\n王小红,0.1\n", encoding="utf-8"
    )
    _, kept = cleaned(tmp_path, ROWS)
    assert kept["male_probability"].tolist() == [0.1, 0.9]
