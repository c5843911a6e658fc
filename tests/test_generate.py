"""Writing on from the command line: greedy, drawn, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recurrent import files, paths
from recurrent.commands import generate
from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.tasks.generation import Writer
from recurrent.training.seeding import seed_torch
from tests.evaluation.words import has_symbols, numbered
from tests.project import Project

SPEC: dict[str, Any] = {
    "module": "char_rnns",
    "name": "CharRnn",
    "inputs": 6,
    "outputs": 6,
    "settings": {"embedding": 4, "hidden": 8},
    "seeds": [0],
    "about": {"vocabulary": "abcde", "steps": 3, "reads_on": False},
}
WORDS = numbered("我们", "分开", "不知道")
CHINESE = ["不", "他", "，", *WORDS]  # 分, 开, 我 and 们 are there in words alone
OF_WORDS: dict[str, Any] = {
    **SPEC,
    "module": "language_model",
    "name": "LanguageModel",
    "inputs": 7,
    "outputs": 7,
    "settings": {"cell": "gru", "embedding": 4, "hidden": 8},
    "about": {"vocabulary": CHINESE, "steps": 3, "reads_on": True},
}
BOTH_WAYS: dict[str, Any] = {
    **SPEC,
    "module": "stacked",
    "name": "Stacked",
    "settings": {"cell": "gru", "hidden": 8, "bidirectional": True},
}
ONE_WAY = {**BOTH_WAYS, "settings": {"cell": "gru", "hidden": 8}}


def train(spec: dict[str, Any]) -> None:
    """Some weights: of a model of characters, nothing else is read."""
    folder = paths.model("nietzsche_rnn")
    folder.mkdir(parents=True)
    seed_torch("test")
    contract.save(contract.build(spec), contract.seed_file(folder, 0))
    files.write_json(folder / "spec.json", spec)


def encode(vocabulary: list[str]) -> None:
    """What is read of a dataset of words."""
    dataset = paths.encoded("nietzsche_8")
    files.write_json(dataset / "dataset.json", {"vocabulary": vocabulary})
    files.write_json(dataset / "words.json", WORDS)


@pytest.fixture
def trained(project: Project) -> Project:
    """An experiment with some weights."""
    train(SPEC)
    return project


@pytest.fixture
def of_words(project: Project) -> Project:
    """The same, on a text of words."""
    train(OF_WORDS)
    encode(CHINESE)
    return project


def written(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    generate.main("nietzsche_rnn", **{"prefix": "abc", "length": 30, **options})
    return capsys.readouterr().out.removesuffix("\n")


def test_the_text_begins_with_the_prefix_and_has_the_length(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(capsys)
    assert text.startswith("abc")
    assert len(text) == 33
    assert set(text) <= set("abcde")
    assert text == written(capsys), "greedy: the same again"


def test_a_draw_depends_on_its_seed_alone(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(capsys, temperature=1.0, seed=1)
    assert first == written(capsys, temperature=1.0, seed=1)
    assert first != written(capsys, temperature=1.0, seed=2)
    assert written(capsys, top=1) == written(capsys), "the one likeliest: greedy"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prefix": "axz"}, r"prefix 'axz'.*never saw 'x' 'z'"),
        ({"prefix": ""}, "empty prefix"),
        ({"temperature": 0.0}, "--temperature.*above 0"),
        ({"temperature": float("nan")}, "--temperature"),
        ({"temperature": float("inf")}, "--temperature"),
    ],
)
def test_what_cannot_be_written_on_is_refused(
    trained: Project, capsys: pytest.CaptureFixture[str], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(PipelineError, match=says):
        generate.main("nietzsche_rnn", **{"prefix": "abc", "length": 5, **options})
    assert capsys.readouterr().out == ""


def test_a_classifier_and_an_untrained_model_are_refused(trained: Project) -> None:
    with pytest.raises(PipelineError, match="not trained yet"):
        generate.main("nietzsche_loop", prefix="abc", length=5)
    spec = Path(paths.model("nietzsche_rnn") / "spec.json")
    files.write_json(spec, {**SPEC, "about": {"vocabulary": "abcde", "classes": ["x"] * 6}})
    with pytest.raises(PipelineError, match="models no text"):
        generate.main("nietzsche_rnn", prefix="abc", length=5)


@pytest.mark.parametrize(
    ("spec", "task"),
    [(BOTH_WAYS, "next_character"), (ONE_WAY, "restore"), (BOTH_WAYS, "restore")],
)
def test_what_reads_backwards_or_fills_gaps_cannot_write_on(
    project: Project, capsys: pytest.CaptureFixture[str], spec: dict[str, Any], task: str
) -> None:
    train(spec)
    project.edit({"experiments.nietzsche_rnn.task": task})
    with pytest.raises(PipelineError) as fault:
        generate.main("nietzsche_rnn", prefix="abc", length=5)
    assert str(fault.value) == (
        "nietzsche_rnn: this model reads what follows, or fills gaps: it cannot write on."
    )
    assert capsys.readouterr().out == ""


def test_the_same_network_of_one_direction_writes_on(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    train(ONE_WAY)
    assert len(written(capsys)) == 33


@pytest.mark.parametrize("prefix", ["分开", "不分开", "他，分开我们", "不知道"])
def test_a_model_of_words_reads_words_and_prints_what_was_typed(
    of_words: Project, capsys: pytest.CaptureFixture[str], prefix: str
) -> None:
    text = written(capsys, prefix=prefix, length=1)
    assert text.removeprefix(prefix) in {"不", "他", "，", *WORDS.values()}
    assert text.startswith(prefix)


@pytest.mark.parametrize(("prefix", "unknown"), [("分", "分"), ("我他", "我"), ("开分", "分")])
def test_a_part_of_a_word_is_not_the_word(
    of_words: Project, capsys: pytest.CaptureFixture[str], prefix: str, unknown: str
) -> None:
    with pytest.raises(PipelineError, match=f"never saw .*'{unknown}'"):
        written(capsys, prefix=prefix)
    assert capsys.readouterr().out == ""


def test_the_longest_word_of_a_prefix_is_what_the_model_reads(
    of_words: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    write = Writer.write

    def heard(writer: Writer, prefix: str, *rest: Any) -> Any:
        read.append(prefix)
        return write(writer, prefix, *rest)

    monkeypatch.setattr(Writer, "write", heard)
    written(capsys, prefix="不知道不分开")
    _, part, know = WORDS
    assert read == [f"{know}不{part}"]


@pytest.mark.parametrize("seed", range(5))
def test_a_model_of_words_writes_words_and_never_what_stands_for_them(
    of_words: Project, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    text = written(capsys, prefix="分开", length=60, temperature=3.0, seed=seed)
    assert not has_symbols(text)
    added = text.removeprefix("分开")
    spelt = added
    for word in WORDS.values():
        assert word in added
        spelt = spelt.replace(word, "")
    assert set(spelt) <= set("不他，")
    words = sum(added.count(word) for word in WORDS.values())
    assert words + len(spelt) == 60, "so many symbols"


def test_a_prefix_that_is_refused_is_shown_as_it_was_typed(of_words: Project) -> None:
    with pytest.raises(PipelineError, match="never saw 'x'") as fault:
        generate.main("nietzsche_rnn", prefix="分开x", length=5)
    assert fault.value.where == "prefix '分开x'"


def test_words_that_the_model_was_not_trained_on_are_refused(
    of_words: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    encode([*reversed(CHINESE)])
    with pytest.raises(PipelineError, match=r"trained on words that this dataset no longer has"):
        generate.main("nietzsche_rnn", prefix="分开", length=5)
    assert capsys.readouterr().out == ""


def test_the_command_line_is_that_of_the_readme(trained: Project) -> None:
    import typer

    app = typer.Typer()
    app.command()(generate.main)
    done = CliRunner().invoke(app, ["nietzsche_rnn", "--prefix", "abc", "-n", "7", "--seed", "3"])
    assert done.exit_code == 0
    assert len(done.stdout.strip()) == 10
