from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stages.common import params
from stages.common.checking import read_yaml
from stages.common.errors import PipelineError
from stages.common.experiments import Descent
from tests.project import ABSENT, ROOT, Project

RNN = "experiments.names_rnn"
NAMES = "corpora.names"
CHAR3 = "experiments.nietzsche_char3"
LECTURE = "datasets.names_lecture"
VECTORS = "embedded.sales_vectors"
SHA256 = "0" * 64
DATASET = {"corpus": "sales", "encoder": "sales_table"}
CIRCLE = "sales_forest_vectors"  # it needs the vectors that it would give


def complaint() -> str:
    with pytest.raises(PipelineError) as fault:
        params.load()
    assert str(fault.value).startswith("params.yaml: ")
    return str(fault.value)


def test_the_real_file_is_good_as_it_stands() -> None:
    settings = params.load(ROOT / "params.yaml")
    assert settings.source == "bundled"  # so that a first run needs no network
    assert settings.corpora and settings.datasets and settings.experiments


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("sources", "bundled", "unknown key"),
        ("runtime.gpu", True, "unknown key"),
        (f"{NAMES}.ulr", "x", "unknown key"),
        (f"{RNN}.training.epoch", 3, "unknown key"),
        (f"{RNN}.model.setting", {}, "unknown key"),
        (f"{LECTURE}.top_characters", 5, "unknown key"),  # a setting: it stands in `settings`
        (f"{CHAR3}.samples.prefix", "y. ", "unknown key"),
        ("runtime.device", "gpu", "'gpu'"),
        ("runtime.threads", 0, "0"),
        ("runtime.tracking", "yes", "'yes'"),
        ("source", "internet", "'internet'"),
        ("source", ABSENT, "required"),
        ("corpora", [], "[]"),
        (f"{NAMES}.bundled.size", 0, "0"),
        (f"{NAMES}.bundled.seed", -1, "-1"),
        (f"{NAMES}.max_malformed", -0.1, "-0.1"),
        (f"{NAMES}.max_malformed", 1.0, "1.0"),
        (f"{NAMES}.module", "../evil", "'../evil'"),
        (f"{LECTURE}.encoder", "../evil", "'../evil'"),
        (f"{LECTURE}.encoder", ABSENT, "required"),
        (f"{LECTURE}.settings", ["seed"], "['seed']"),
        (f"{RNN}.task", "../evil", "'../evil'"),
        (f"{RNN}.task", ABSENT, "required"),
        (f"{RNN}.seeds", [], "at least 1"),
        (f"{RNN}.seeds", [0, 1, 0], "seeds must differ"),
        (f"{RNN}.seeds", [0.5], "0.5"),
        (f"{RNN}.seeds", 3, "3"),
        (f"{RNN}.training.kind", "magic", "magic"),
        (f"{RNN}.training.epochs", 0, "0"),
        (f"{RNN}.training.epochs", 2.5, "2.5"),
        (f"{RNN}.training.batch", 0, "0"),
        (f"{RNN}.training.rate", -0.1, "-0.1"),
        (f"{RNN}.training.rate", 0, "0"),
        (f"{RNN}.training.rate", "0.1", "'0.1'"),
        (f"{RNN}.training.rate", float("inf"), "inf"),
        (f"{RNN}.training.rate", float("nan"), "nan"),
        (f"{CHAR3}.training.rate", [0.01, -1.0], "-1.0"),
        (f"{CHAR3}.training.rate", [0.01, "low"], "'low'"),
        (f"{RNN}.training.clip_norm", 0, "0"),
        (f"{RNN}.training.clip_each", 0, "0"),
        (f"{RNN}.training.gradient_norms", 0, "0"),
        (f"{RNN}.training.alarm", {"explode": 1.0}, "unknown key"),
        (f"{RNN}.training.alarm", {"vanishes": -1.0}, "-1.0"),
        ("probes.experiments", "names_rnn", "'names_rnn'"),
        ("probes.steps", 1, "1"),
        ("probes.thresholds", [0.0], "0.0"),
        ("probes.entities", "sales_network", "'sales_network'"),
        (f"{VECTORS}.networks", "sales_network_vectors", "unknown key"),
        (f"{VECTORS}.network", ABSENT, "required"),
        (f"{VECTORS}.dataset", "../evil", "'../evil'"),
        ("corpora.sales.upstream", "rossmann.zip", "'rossmann.zip'"),
        ("demonstrations.line.module", "../evil", "'../evil'"),
        (f"{RNN}.training.weight_decay", -1, "-1"),
        (f"{RNN}.training.optimizer", "lion", "'lion'"),
        (f"{RNN}.training.keep", "first", "'first'"),
        (f"{CHAR3}.samples.prefixes", [], "at least 1"),
        (f"{CHAR3}.samples.prefixes", "y. ", "'y. '"),
        (f"{CHAR3}.samples.prefixes", [1], "1"),
        (f"{CHAR3}.samples.length", 0, "0"),
        (f"{CHAR3}.samples.length", ABSENT, "required"),
        (f"{CHAR3}.samples.every", 0, "0"),
        (f"{CHAR3}.samples", [], "[]"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(
    project: Project, place: str, value: object, says: str
) -> None:
    project.edit({place: value})
    message = complaint()
    for part in place.split("."):
        assert part in message
    assert "descent." not in message, "a variant of a union is no key of the file"
    assert says in message


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({f"{LECTURE}.corpus": "poems"}, f"{LECTURE}.corpus", "no corpus 'poems'"),
        ({f"{RNN}.dataset": "poems"}, f"{RNN}.dataset", "no dataset 'poems'"),
        ({f"{NAMES}.url": "mine.txt"}, NAMES, "url and sha256 go together"),
        ({f"{NAMES}.sha256": SHA256}, NAMES, "url and sha256 go together"),
        ({f"{NAMES}.upstream.git_blob": ABSENT}, f"{NAMES}.upstream", "one of sha256 and git_blob"),
        ({f"{NAMES}.upstream.sha256": SHA256}, f"{NAMES}.upstream", "one of sha256 and git_blob"),
        ({f"{CHAR3}.training.rate": [0.1]}, f"{CHAR3}.training", "one for each epoch"),
        ({f"{CHAR3}.training.rate": []}, f"{CHAR3}.training", "one for each epoch"),
        ({f"{CHAR3}.training.epochs": 3}, f"{CHAR3}.training", "one for each epoch"),
        ({f"{CHAR3}.training.schedule": "cosine"}, f"{CHAR3}.training", "no other schedule"),
        (
            {f"{CHAR3}.training.clip_norm": 1.0, f"{CHAR3}.training.clip_each": 1.0},
            f"{CHAR3}.training",
            "one of clip_norm and clip_each",
        ),
        ({"probes.experiments": ["poems"]}, "probes", "no experiment 'poems'"),
        ({"probes.clipped": ["poems"]}, "probes", "no experiment 'poems'"),
        ({"probes.entities": ["poems"]}, "probes.entities", "no experiment 'poems'"),
        ({f"{VECTORS}.dataset": "poems"}, f"{VECTORS}.dataset", "no dataset 'poems'"),
        (
            {f"{VECTORS}.dataset": "sales_vectors"},
            f"{VECTORS}.dataset",
            "no dataset 'sales_vectors'",
        ),
        ({"datasets.sales_vectors": DATASET}, VECTORS, "one of that name already"),
        ({f"{VECTORS}.network": "poems"}, f"{VECTORS}.network", "no experiment on 'sales'"),
        ({f"{VECTORS}.network": "names_rnn"}, f"{VECTORS}.network", "no experiment on 'sales'"),
        ({f"{VECTORS}.network": CIRCLE}, f"{VECTORS}.network", f"{CIRCLE!r} is no experiment on"),
        ({"embedded": {}}, "experiments.sales_", "no dataset 'sales_vectors'"),
        ({"experiments.Names-RNN": {}}, "experiments.Names-RNN", "pattern"),
    ],
)
def test_values_that_do_not_go_together_are_refused_by_their_key(
    project: Project, changes: dict[str, object], place: str, says: str
) -> None:
    project.edit(changes)
    message = complaint()
    assert place in message
    assert says in message


@pytest.mark.parametrize(
    "digest",
    ["", "abc", SHA256 + "0", "g" * 64],
    ids=["empty", "too short", "too long", "not hexadecimal"],
)
@pytest.mark.parametrize("place", ["sha256", "upstream.sha256", "upstream.git_blob"])
def test_a_hash_that_is_none_is_refused(project: Project, place: str, digest: str) -> None:
    # An empty sha256 must not quietly mean the upstream file in place of one's own.
    project.edit({f"{NAMES}.url": "mine.txt", f"{NAMES}.sha256": SHA256})
    project.edit({f"{NAMES}.upstream.git_blob": ABSENT, f"{NAMES}.upstream.sha256": SHA256})
    if place.endswith("git_blob"):
        project.edit({f"{NAMES}.upstream.sha256": ABSENT})
    project.edit({f"{NAMES}.{place}": digest})
    assert f"{NAMES}.{place}" in complaint()


def test_all_that_is_wrong_is_said_at_once(project: Project) -> None:
    project.edit({f"{RNN}.training.epochs": 0, f"{NAMES}.bundled.size": "many", "sauce": 1})
    message = complaint()
    assert "epochs" in message
    assert f"{NAMES}.bundled.size" in message
    assert "sauce" in message


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
    assert settings.experiments[CIRCLE].dataset == "sales_vectors"
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
    with pytest.raises(ValidationError, match="one for each epoch"):
        Descent.model_validate({**of_source, "rate": [1.0, 1.0]})


@hypothesis_settings(max_examples=20)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_whatever_stands_there_the_error_is_ours(scratch_params: Project, value: object) -> None:
    scratch_params.edit({f"{RNN}.training": value})
    with pytest.raises(PipelineError, match=r"experiments\.names_rnn\.training"):
        params.load(scratch_params.params)


@pytest.fixture(scope="module")
def scratch_params(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The real file, but for all other experiments: it is read and written many times."""
    project = Project.copied_to(tmp_path_factory.mktemp("params"))
    experiments = read_yaml(project.params)["experiments"]
    project.edit(
        {"experiments": {"names_rnn": experiments["names_rnn"]}, "embedded": {}, "probes": {}}
    )
    params.load(project.params)
    return project
