"""Settings and data that do not go together: a training that ends well, or an error with a key."""

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings

from recurrent.data.encoders import load as encoder
from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.studies.base import load as demonstration
from recurrent.config import checked
from tests.reliability.cases import (
    OF_NAMES,
    OF_TEXT,
    PARAMS,
    Case,
    Settings,
    cases,
    encode,
    train_on,
)
from tests.reliability.ledger import Promise
from tests.reliability.nasty import VALUES, assert_paragraph, complaint

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]


def test_whatever_is_asked_for_it_trains_or_says_what_is_wrong(
    tmp_path: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        "Whatever data and settings meet, a training ends in numbers or in an error with a key",
        "random data, settings and models, most of them small, some absurd",
    )
    trained = 0

    @settings(max_examples=many(60, 3_000))
    @given(cases())
    def tried(case: Case) -> None:
        nonlocal trained
        kept.injected += 1
        folder = tmp_path / str(kept.injected)
        folder.mkdir()
        try:
            train_on(encode(case, folder), case)
            trained += 1
        except PipelineError as fault:
            assert_paragraph(str(fault))
            assert fault.where

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of what it did not finish
        tried()
    assert trained > kept.injected / 20, "most were refused: the test says little"
    kept.found = f"{trained:,} trained, the others refused"


CLEAR = {
    "windows longer than the text": (
        ("a" * 30, {"steps": 30}),
        "30 characters leave no window of 30",
    ),
    "no stride": (("abc" * 9, {"stride": 0}), "settings: stride:"),
    "no steps": (("abc" * 9, {"steps": 0}), "settings: steps:"),
    "nothing left": (("abc" * 9, {"valid": 0.5, "test": 0.5}), "leave nothing to train on"),
    "one character": (("a", {}), "1 characters leave no window"),
    "a huge batch": (("abc" * 99, {}), "does not fill one batch of 1000000000"),
    "no top characters": (
        ("王小红,女\n李伟,男\n", {"top_characters": 0}),
        "settings: top_characters:",
    ),
    "few names": (("王小红,女\n李伟,男\n", {"train": 9}), "2 records do not suffice"),
    "one name": (("李伟,男\n", {}), "no usable names remain for both labels"),
    "one sex": (("李伟,男\n王伟,男\n", {}), "no usable names remain for both labels"),
    "one name to train on": (("王小红,女\n李伟,男\n", {"train": 1}), "1 names for train are all"),
}
READ = {"steps": 3, "stride": 3, "targets": "every", "order": "consecutive"}


@pytest.mark.parametrize("case", CLEAR)
def test_what_is_wrong_is_said(case: str, tmp_path: Path) -> None:
    (content, change), says = CLEAR[case]
    of_names = "," in content
    wanted = Case(
        "labelled_names" if of_names else "running_text",
        content,
        ({"test": 1, "seed": 0} if of_names else READ) | change,
        "classify" if of_names else "next_character",
        OF_NAMES[0] if of_names else OF_TEXT[3],
        {"optimizer": "sgd", "rate": 0.1, "epochs": 1, "batch": 10**9},
    )
    assert says in complaint(lambda: train_on(encode(wanted, tmp_path), wanted))


@pytest.mark.parametrize("content", ["aaaaaaaaaaaaaaa", "ab" * 9])
def test_a_vocabulary_of_one_character_is_learned(content: str, tmp_path: Path) -> None:
    training = {"optimizer": "sgd", "rate": 0.1, "epochs": 1, "batch": 2}
    case = Case("running_text", content, READ, "next_character", OF_TEXT[3], training)
    train_on(encode(case, tmp_path), case)


def test_a_nasty_value_of_any_module_s_own_settings_is_taken_or_refused_by_its_key(
    promise: Promised, many: Many
) -> None:
    kept = promise(
        "A wrong setting of an encoder, a model or a demonstration is refused by its key",
        f"each of {len(VALUES)} nasty values at each key",
    )
    where = "params.yaml: settings"
    checks: dict[object, tuple[Settings, Callable[[Settings], object]]] = {}
    for dataset in PARAMS.datasets.values():
        kind = encoder(dataset.encoder).Settings
        checks[kind, *dataset.settings] = dataset.settings, partial(checked, kind, where=where)
    for one in PARAMS.demonstrations.values():
        kind = demonstration(one.module).Settings
        checks[kind, *one.settings] = one.settings, partial(checked, kind, where=where)
    for experiment in PARAMS.experiments.values():
        model = experiment.model
        small = {k: min(v, 8) if type(v) is int else v for k, v in model.settings.items()}
        checks[model.module, model.name, *small] = small, partial(built, model.module, model.name)
    tried = [
        (s, key, value, check) for s, check in checks.values() for key in s for value in VALUES
    ]
    for base, key, value, check in tried[:: many(7, 1)]:
        kept.injected += 1
        said = complaint(lambda b=base, k=key, v=value, c=check: c({**b, k: v}))
        assert not said or key in said, (key, value, said)


def built(module: str, name: str, wanted: Settings) -> contract.Model:
    spec = {"module": module, "name": name, "settings": wanted, "inputs": 5, "outputs": 5}
    return contract.build(spec)
