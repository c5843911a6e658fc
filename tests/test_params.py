from collections.abc import Callable

import pytest
from pydantic import ValidationError

from recurrent import config as params
from recurrent.errors import PipelineError
from recurrent.config import Descent
from tests.complaints import complaint
from tests.project import ABSENT, ROOT, Project


def test_the_real_file_is_good_as_it_stands() -> None:
    settings = params.load(ROOT / "params.yaml")
    assert settings.source == "bundled"  # so that a first run needs no network
    assert settings.corpora and settings.datasets and settings.experiments


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just words",
        b"- a\n- list\n",
        b"source: [bundled",
        b"source: bundled\nsource: upstream\n",
        b"source: \x01\n",
        "source: 捆绑\n".encode("gb18030"),
    ],
)
def test_a_file_that_is_no_map_in_yaml_is_refused(project: Project, content: bytes) -> None:
    project.params.write_bytes(content)
    complaint()


def test_without_a_file_it_says_where_to_run(project: Project) -> None:
    project.params.unlink()
    with pytest.raises(PipelineError, match=r"no params\.yaml here\. Run from the project's"):
        params.load()


def test_numbers_are_read_as_dvc_reads_them(project: Project) -> None:
    # YAML 1.2: 1e-3 is a number, which older readers take for a string.
    text = project.params.read_text(encoding="utf-8")
    assert "rate: 0.5\n" in text
    project.params.write_text(text.replace("rate: 0.5\n", "rate: 1e-3\n"), encoding="utf-8")
    training = params.load().experiments["names_rnn"].training
    assert isinstance(training, Descent)
    assert training.rate == 1e-3


@pytest.mark.parametrize(
    "change",
    [
        lambda settings: setattr(settings, "source", "upstream"),
        lambda settings: setattr(settings.runtime, "threads", 8),
        lambda settings: setattr(settings.experiments["names_rnn"].training, "rate", 1.0),
        lambda settings: settings.experiments["names_rnn"].seeds.append(9),
    ],
)
def test_values_once_read_are_never_changed(change: Callable[[params.Params], None]) -> None:
    settings = params.load(ROOT / "params.yaml")
    with pytest.raises((ValidationError, AttributeError)):
        change(settings)


def test_a_list_of_rates_is_read_as_it_stands() -> None:
    training = params.load(ROOT / "params.yaml").experiments["nietzsche_char3"].training
    assert isinstance(training, Descent)
    assert training.rate == (0.01, 0.001)
    assert training.epochs == 2


@pytest.mark.parametrize("upstream", [None, ABSENT])
def test_a_corpus_may_be_one_that_nobody_publishes(project: Project, upstream: object) -> None:
    project.edit({"corpora.sales.upstream": upstream})
    assert params.load().corpora["sales"].upstream is None


def test_the_dataset_of_an_experiment_is_found_behind_what_stands_for_its_symbols() -> None:
    settings = params.load(ROOT / "params.yaml")
    assert settings.experiments["sales_forest_vectors"].dataset == "sales_vectors"
    assert settings.dataset("sales_vectors") is settings.datasets["sales"]
    for key, dataset in settings.datasets.items():
        assert settings.dataset(key) is dataset
    with pytest.raises(KeyError):
        settings.dataset("poems")


def test_what_is_chosen_must_exist() -> None:
    assert params.choose({"a": 1, "b": 2}, "b", "corpus") == 2
    with pytest.raises(PipelineError, match=r"no corpus 'c' in params\.yaml\. Choose one of: a, b"):
        params.choose({"a": 1, "b": 2}, "c", "corpus")


def test_of_very_many_the_likeliest_are_named() -> None:
    section = dict.fromkeys([f"names_{n}" for n in range(40)] + ["lyrics"], 0)
    with pytest.raises(PipelineError, match=r"Choose one of: lyrics \(40 others\)"):
        params.choose(section, "lyrisc", "experiment")
    with pytest.raises(PipelineError, match=r"names_0, .* \(31 others\)"):
        params.choose(section, "???", "experiment")


def test_epochs_may_be_fewer_on_a_bundled_corpus() -> None:
    of_source = {"optimizer": "sgd", "rate": 1.0, "batch": 1, "epochs": {"bundled": 2, "other": 5}}
    training = Descent.model_validate(of_source)
    assert training.total == 5
    assert training.on({"source": "bundled"}).total == 2
    assert training.on({"source": "upstream"}).total == 5
    assert training.on({"source": "own file"}).epochs == 5
    longer = {**of_source, "epochs": {"bundled": 9, "other": 5}}
    assert Descent.model_validate(longer).total == 9, "at most"
    with pytest.raises(ValidationError, match="one number of `epochs` for every source"):
        Descent.model_validate({**of_source, "rate": [1.0, 1.0]})
    with pytest.raises(ValidationError, match=r"one for each epoch \(`epochs: 3`\)"):
        Descent.model_validate({**of_source, "rate": [1.0, 1.0], "epochs": 3})
