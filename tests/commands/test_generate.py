"""Continue a text: greedily, sampled, in characters and in words, and what is refused."""

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurrent.commands import generate, lookup
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.tasks.generation import Generator
from tests.commands.trained import CLASSIFIER, STACKED, WINDOWED, save
from tests.project import Project

NAME = "nietzsche_rnn/lecture"
DATASET = paths.encoded("nietzsche_8")
FIRST = 0xF0000  # the first code point that stands for a word
WORDS = {chr(FIRST + number): word for number, word in enumerate(("我们", "分开", "不知道"))}
SYMBOLS = ["不", "他", "，", *WORDS]  # 分, 开, 我 and 们 are known in words only
OF_WORDS: dict[str, Any] = {
    **STACKED,
    "inputs": 7,
    "outputs": 7,
    "about": {"vocabulary": SYMBOLS, "window": 3, "stateful": True},
}


@pytest.fixture
def trained(project: Project) -> Project:
    save(NAME, WINDOWED)
    return project


@pytest.fixture
def of_words(project: Project) -> Project:
    """A model of words, and what is read of its dataset."""
    save(NAME, OF_WORDS)
    files.write_json(DATASET / "dataset.json", {"vocabulary": SYMBOLS})
    files.write_json(DATASET / "words.json", WORDS)
    return project


def written(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    generate.main(NAME, **{"prefix": "abc", "length": 30, **options})
    return capsys.readouterr().out.removesuffix("\n")


def refusal(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    """What is said; nothing may be printed before."""
    with pytest.raises(PipelineError) as fault:
        written(capsys, **options)
    assert capsys.readouterr().out == ""
    return str(fault.value)


def test_the_text_starts_with_the_prefix_and_greedy_text_is_always_the_same(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(capsys)
    assert text.startswith("abc") and len(text) == 33 and set(text) <= set("abcde")
    assert text == written(capsys) == written(capsys, top=1)


def test_a_sampled_text_depends_on_its_seed(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(capsys, temperature=1.0, seed=1)
    assert first == written(capsys, temperature=1.0, seed=1)
    assert first != written(capsys, temperature=1.0, seed=2)


def test_several_samples_are_one_line_each_and_depend_on_the_seed(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = written(capsys, temperature=1.0, seed=1, count=4).split("\n")
    assert len({*lines}) == 4
    for line in lines:
        assert line.startswith("abc") and len(line) == 33 and set(line) <= set("abcde")
    assert lines == written(capsys, temperature=1.0, seed=1, count=4).split("\n")
    assert lines != written(capsys, temperature=1.0, seed=2, count=4).split("\n")


def test_a_line_break_in_one_of_several_samples_is_escaped(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    save(NAME, {**WINDOWED, "about": {**WINDOWED["about"], "vocabulary": "abc\n\t"}})
    assert "\n" in written(capsys, temperature=2.0)
    lines = written(capsys, temperature=2.0, count=20).split("\n")
    assert len(lines) == 20
    for line in lines:
        assert len(line.replace("\\n", "\n").replace("\\t", "\t")) == 33
    assert any("\\n" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prefix": "axz"}, "prefix 'axz': the training text does not contain 'x' 'z'"),
        ({"prefix": ""}, "prefix ''"),
        ({"temperature": 0.0}, "--temperature: must be a finite number above 0, got 0.0"),
        ({"temperature": float("nan")}, "--temperature"),
        ({"temperature": float("inf")}, "--temperature"),
        ({"count": 2}, "--count: the likeliest text is always the same, so all 2 samples would"),
        ({"count": 1000, "temperature": 1.0, "top": 1}, "--count"),
        ({"count": 2, "temperature": 1.0, "prefix": "axz"}, "prefix 'axz'"),
    ],
)
def test_what_cannot_be_continued_is_refused(
    trained: Project, capsys: pytest.CaptureFixture[str], options: dict[str, Any], says: str
) -> None:
    assert refusal(capsys, **options).startswith(says)


@pytest.fixture
def read_once(trained: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the parameter files once, not for each example."""
    monkeypatch.setattr(lookup, "find_trained", cache(lookup.find_trained))


@pytest.mark.usefixtures("read_once")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prefix=st.text(st.characters() | st.sampled_from("abcde"), max_size=20))
def test_any_prefix_is_continued_or_refused_in_one_line(prefix: str) -> None:
    try:
        generate.main(NAME, prefix, length=1)
    except PipelineError as fault:
        assert not prefix or {*prefix} - {*"abcde"}
        assert str(fault).startswith("prefix ") and str(fault).isprintable()
    else:
        assert prefix and {*prefix} <= {*"abcde"}


def test_models_that_do_not_continue_text_are_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    save("names_gated/rnn", CLASSIFIER)
    with pytest.raises(PipelineError, match=r"names_gated/rnn: .*its task is classify"):
        generate.main("names_gated", "王", 1)
    with pytest.raises(PipelineError, match="not trained yet"):
        generate.main("nietzsche_loop", "abc", 1)
    save(NAME, {**STACKED, "settings": {"cell": "gru", "hidden": 8, "bidirectional": True}})
    assert refusal(capsys) == (
        f"{NAME}: this model reads the text from both sides, so it cannot continue one."
    )


def test_a_spec_of_another_model_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    save(NAME, CLASSIFIER)
    assert "trained for another task" in refusal(capsys)


def test_the_same_network_in_one_direction_continues_text(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    save(NAME, STACKED)
    assert len(written(capsys)) == 33


def test_an_experiment_of_the_other_pipeline_is_found(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    save("nietzsche_stateful/gru", STACKED, "beyond")
    generate.main("nietzsche_stateful", "abc", length=4)
    assert len(capsys.readouterr().out) == 8


def test_a_model_of_words_reads_the_longest_words_and_prints_what_was_typed(
    of_words: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    method = Generator.generate

    def recorded(self: Generator, prefix: str, *rest: Any) -> Any:
        read.append(prefix)
        return method(self, prefix, *rest)

    monkeypatch.setattr(Generator, "generate", recorded)
    text = written(capsys, prefix="不知道不分开", length=1)
    _, part, know = WORDS
    assert read == [f"{know}不{part}"]
    assert text.removeprefix("不知道不分开") in {"不", "他", "，", *WORDS.values()}


@pytest.mark.parametrize(("prefix", "unknown"), [("分", "分"), ("我他", "我"), ("开分", "分")])
def test_a_part_of_a_word_is_not_the_word(
    of_words: Project, capsys: pytest.CaptureFixture[str], prefix: str, unknown: str
) -> None:
    said = refusal(capsys, prefix=prefix)
    assert said.startswith(f"prefix '{prefix}'") and f"'{unknown}'" in said


def test_a_model_of_words_never_prints_the_symbols_that_stand_for_them(
    of_words: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(capsys, prefix="分开", length=60, temperature=3.0, seed=1)
    rest = text.removeprefix("分开")
    words = 0
    for word in WORDS.values():
        words += rest.count(word)
        rest = rest.replace(word, "")
    assert set(rest) <= set("不他，")
    assert words + len(rest) == 60
    for line in written(capsys, prefix="分开", length=60, top=3, count=3).split("\n"):
        assert line.startswith("分开") and set(line) <= {*"不他，", *"".join(WORDS.values())}
    assert "'\\U000f0000'" in refusal(capsys, prefix=chr(FIRST))


def test_a_model_of_words_that_its_dataset_no_longer_has_is_refused(
    of_words: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write_json(DATASET / "dataset.json", {"vocabulary": SYMBOLS[::-1]})
    assert "words that this dataset no longer has" in refusal(capsys, prefix="分开")
