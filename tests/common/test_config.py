"""The parameter files: read as DVC reads them, and refused by the key that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recurrent.common import config
from recurrent.common.config import Descent, checked, choose, merge
from recurrent.common.errors import PipelineError
from tests.project import ABSENT, ROOT, Project

RNN = "experiments.names_char_rnn"
CHAR3 = "experiments.nietzsche_char3"
NAMES = "corpora.names"
VECTORS = "embedded.sales_vectors"


def complaint(pipeline: str = "lectures") -> str:
    """The message that refuses the parameter files of the current folder."""
    with pytest.raises(PipelineError) as fault:
        config.load(pipeline)
    return str(fault.value)


@pytest.mark.parametrize("pipeline", ["lectures", "beyond"])
def test_the_real_files_are_valid(pipeline: str) -> None:
    settings = config.load(pipeline, ROOT)
    assert settings.source == "bundled"  # a first run needs no network
    names = [variant.name for variant in settings.variants()]
    assert len({*names}) == len(names) > 30
    assert settings.find(names[-1]).name == names[-1]


def test_the_upstream_overlay_fits() -> None:
    overlay = config.read_yaml(ROOT / "params.upstream.yaml")
    merged = merge(config.read_yaml(ROOT / "params.yaml"), overlay)
    settings = checked(config.Config, merged, "params.yaml")
    assert settings.source == "upstream"
    assert settings.find("lyrics_gru/lecture").training.epochs == 160
    assert settings.find("lyrics_gru/held_out").training.epochs == 15


def test_a_variant_is_merged_deeply() -> None:
    settings = config.load(folder=ROOT)
    identity = settings.find("nietzsche_seq/identity")
    plain = settings.find("nietzsche_seq/lecture")
    changed = {"hidden": 256, "embedding": 42, "recurrent_init": "identity"}
    assert identity.model.settings == changed
    assert isinstance(identity.training, Descent) and isinstance(plain.training, Descent)
    assert (identity.training.learning_rate, plain.training.learning_rate) == (0.01, 0.001)
    assert identity.training.batch_size == plain.training.batch_size
    assert settings.find("lyrics_gru/held_out").dataset == "lyrics_held_out"
    assert settings.find("lyrics_gru").name == "lyrics_gru/lecture"


MAPS = st.recursive(
    st.integers() | st.lists(st.integers()),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(MAPS, MAPS)
def test_merging_overrides_and_keeps(base: object, overrides: object) -> None:
    assert merge(base, base) == base
    if isinstance(base, dict) and isinstance(overrides, dict):
        merged = merge(base, overrides)
        assert merged.keys() == base.keys() | overrides.keys()
        assert merge(merged, overrides) == merged
    else:
        assert merge(base, overrides) == overrides


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("sources", "bundled", "unknown key"),
        (f"{NAMES}.ulr", "x", "unknown key"),
        (f"{RNN}.training.epoch", 3, "unknown key"),
        (f"{RNN}.model.setting", {}, "unknown key"),
        (f"{CHAR3}.samples.prefix", "y. ", "unknown key"),
        (f"{RNN}.variants.all_names.training.rate", 1.0, "unknown key"),
        ("runtime.device", "gpu", "'gpu'"),
        ("runtime.graphs", "yes", "'auto', True or False, got 'yes'"),
        ("runtime.threads", 0, "0"),
        ("runtime.threads", 2, "strict means one thread"),
        ("runtime.tracking", "yes", "'yes'"),
        ("source", "internet", "'internet'"),
        ("source", ABSENT, "required"),
        (f"{NAMES}.synthetic.size", 0, "0"),
        (f"{NAMES}.max_malformed", 1.0, "1.0"),
        (f"{NAMES}.kind", "../evil", "'../evil'"),
        (f"{NAMES}.upstream.sha256", "abc", "'abc'"),
        (f"{NAMES}.own.url", "mine.txt", "required"),
        (f"{RNN}.task", "../evil", "'../evil'"),
        (f"{RNN}.seeds", [0, 1, 0], "seeds must differ"),
        (f"{RNN}.seeds", [0.5], "0.5"),
        (f"{RNN}.training.method", "magic", "magic"),
        (f"{RNN}.training.epochs", 0, "0"),
        (f"{RNN}.training.learning_rate", -0.1, "-0.1"),
        (f"{RNN}.training.learning_rate", "0.1", "'0.1'"),
        (f"{RNN}.training.learning_rate", float("nan"), "nan"),
        (f"{RNN}.training.optimizer", "lion", "'lion'"),
        (f"{RNN}.variants", {}, "at least 1"),
        (f"{RNN}.variants.all_names.data", "other", "'other'"),
        (f"{RNN}.variants.all_names.task", "regress", "may not change"),
        (f"{RNN}.variants.all_names.model", {"module": "lyrics"}, "may not change"),
        (f"{RNN}.variants.all_names.experiment", "a", "may not change"),
        (f"{RNN}.variants.all_names.variant", "a", "may not change"),
        (f"{RNN}.variants.all_names.model", None, "must be a map of settings, got None"),
        (f"{RNN}.variants.all_names.model", 5, "must be a map of settings, got 5"),
        (f"{RNN}.variants.all_names.training", None, "must be a map of settings, got None"),
        (f"{RNN}.variants.all_names.training", 5, "must be a map of settings, got 5"),
        (f"{RNN}.variants.all_names", 5, "got 5"),
        (f"{RNN}.model", None, "got None"),
        ("experiments", None, "got None"),
        ("datasets", ["a"], "got ['a']"),
        (f"{CHAR3}.training.learning_rate", [0.1], "one for each epoch"),
        (f"{CHAR3}.samples.every", 3, "exceeds training.epochs"),
        (f"{RNN}.dataset", "poems", "no dataset 'poems'"),
        ("datasets.names_lecture.corpus", "poems", "no corpus 'poems'"),
        (f"{VECTORS}.variant", "one", "not a variant"),
        ("examined.embeddings", ["sales_networks/embedings"], "did you mean"),
        ("examined.thresholds", [0.0], "0.0"),
        ("studies.line.module", "../evil", "'../evil'"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(
    project: Project, place: str, value: object, expected: str
) -> None:
    project.edit({place: value})
    message = complaint()
    assert message.startswith("params.yaml: ")
    assert place.rsplit(".", maxsplit=1)[-1] in message or place.split(".")[-2] in message
    assert place.split(".", maxsplit=1)[0] in message
    assert expected in message


@pytest.mark.parametrize(
    ("place", "value", "blamed"),
    [
        ("variants.all_names.seeds", [0.5], "variants.all_names.seeds.0: "),
        ("variants.all_names.training", {"epochs": 0}, "variants.all_names.training.epochs: "),
        ("variants.all_names.training", {"method": "a"}, "variants.all_names.training.method: "),
        ("variants.all_names.training", {"clip_each": 1.0, "clip_norm": 1.0}, "variants.all_names"),
        ("variants.all_names.samples", {"length": 5}, "variants.all_names.samples.prefixes: "),
        ("training.epochs", 0, "training.epochs: "),
        ("training.method", "a", "training.method: "),
        ("training.optimizer", ABSENT, "training.optimizer: "),
        ("seeds", [0, 0], "seeds: "),
    ],
)
def test_a_fault_is_named_where_it_was_written(
    project: Project, place: str, value: object, blamed: str
) -> None:
    variants = f"{RNN}.variants"
    project.edit({f"{variants}.lecture": None, f"{variants}.all_names": {}})
    project.edit({f"{variants}.all_names.training": {"weight_decay": 0.1}, f"{RNN}.{place}": value})
    message = complaint()
    assert message.startswith(f"params.yaml: {RNN}.{blamed}")


@pytest.mark.parametrize(
    ("file", "content", "got"),
    [
        ("beyond/params.yaml", "", "None"),
        ("beyond/params.yaml", "[a]", "['a']"),
        ("beyond/params.yaml", "experiments:\n", "None"),
        ("beyond/params.yaml", "experiments: [a]\n", "['a']"),
        ("params.yaml", "[a]", "['a']"),
        ("params.yaml", "experiments:\n", "None"),
    ],
)
def test_both_files_of_beyond_need_a_map_of_experiments(
    project: Project, file: str, content: str, got: str
) -> None:
    (project.folder / file).write_text(content)
    assert complaint("beyond") == (
        f"{file}: `experiments` must be a map from names to settings, got {got}."
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("experiments: {}\ndatasets: {}\n", "unknown key datasets"),
        ("experiments: {}\n5: {}\nfive: {}\n", "unknown key 5"),
        ("experiments:\n  names_gated: {}\n", "experiments.names_gated is also in params.yaml"),
    ],
)
def test_beyond_has_experiments_of_its_own_only(
    project: Project, content: str, expected: str
) -> None:
    (project.folder / "beyond/params.yaml").write_text(content)
    message = complaint("beyond")
    assert message.startswith("beyond/params.yaml: ") and expected in message


@pytest.mark.parametrize(
    "content", [b"", b"just words", b"source: [bundled", "source: 捆绑\n".encode("gb18030")]
)
def test_a_file_that_is_not_a_yaml_map_is_refused(project: Project, content: bytes) -> None:
    project.params.write_bytes(content)
    assert complaint().startswith("params.yaml: ")


def test_a_missing_file_says_where_to_run(project: Project) -> None:
    project.params.unlink()
    assert "no params.yaml here. Run from the project's folder" in complaint()
    project.params.write_text("experiments: {}\n")
    (project.folder / "beyond/params.yaml").unlink()
    assert "no beyond/params.yaml here" in complaint("beyond")


def test_numbers_are_read_as_dvc_reads_them(project: Project) -> None:
    # YAML 1.2: 1e-3 is a number, which older readers take for a string.
    text = project.params.read_text(encoding="utf-8")
    project.params.write_text(text.replace("learning_rate: 0.5,", "learning_rate: 1e-3,"), "utf-8")
    training = config.load().find("names_char_rnn").training
    assert isinstance(training, Descent) and training.learning_rate == 1e-3


def test_settings_cannot_be_changed_after_reading() -> None:
    settings = config.load(folder=ROOT)
    with pytest.raises(ValidationError):
        settings.source = "upstream"


def test_a_misspelt_name_lists_the_likeliest() -> None:
    assert choose({"a": 1, "b": 2}, "b", "corpus") == 2
    with pytest.raises(PipelineError, match=r"no corpus 'c'\. Choose one of: a, b"):
        choose({"a": 1, "b": 2}, "c", "corpus")
    section = dict.fromkeys([f"names_{n}" for n in range(40)] + ["lyrics"], 0)
    with pytest.raises(PipelineError, match=r"Choose one of: lyrics \(40 others\)"):
        choose(section, "lyrisc", "experiment")
