"""Values that params.yaml may not have: refused by their keys."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from recurrent import config as params
from recurrent.errors import PipelineError
from recurrent.config import read_yaml
from tests.complaints import complaint
from tests.project import ABSENT, Project

RNN = "experiments.names_rnn"
NAMES = "corpora.names"
CHAR3 = "experiments.nietzsche_char3"
LECTURE = "datasets.names_lecture"
VECTORS = "embedded.sales_vectors"
SHA256 = "0" * 64
DATASET = {"corpus": "sales", "encoder": "sales_table"}
CIRCLE = "sales_forest_vectors"  # it needs the vectors that it would give


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


def test_what_lies_too_deep_is_named_by_its_line(project: Project) -> None:
    deep = "".join(f"{' ' * depth}a:\n" for depth in range(60))
    project.params.write_text(f"source: bundled\n{deep}", encoding="utf-8")
    said = complaint()
    assert "line 52: more than 50 levels" in said
