"""Data, settings and models that meet by chance, most of them small, some absurd."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from recurrent import config as params
from recurrent import files
from recurrent.data.encoders import load as encoder
from recurrent.data.names import clean as names
from recurrent.data.text import clean as text
from recurrent.config import ClosedForm, Descent
from recurrent.tasks.base import load as task_of
from recurrent.config import checked
from stages.train import refuse_choice_without_validation
from tests.project import ROOT
from tests.training.toy import CPU, train

Settings = Mapping[str, Any]
HUGE = 1 << 62
PARAMS = params.load(ROOT / "params.yaml")
SIZES = {"embedding": 3, "hidden": 4}
OF_NAMES = [
    ("char_rnn", "CharRnnClassifier", {"hidden": 4}),
    (
        "recurrent_classifier",
        "RecurrentClassifier",
        {"cell": "gru", "bidirectional": True, **SIZES},
    ),
    ("baselines", "NaiveBayes", {}),
    ("baselines", "LogisticNgrams", {"strength": 1.0}),
]
OF_TEXT = [
    ("char_loops", "Char3", SIZES),
    ("char_loops", "CharLoopConcat", SIZES),
    ("char_rnns", "CharRnn", SIZES),
    ("char_rnns", "CharSeqRnn", SIZES),
    ("language_model", "LanguageModel", {"cell": "lstm", **SIZES}),
    ("gated", "Gru", {"hidden": 4}),
    ("stacked", "Stacked", {"cell": "gru", "hidden": 4}),
    ("stacked", "Stacked", {"cell": "lstm", "hidden": 4, "bidirectional": True, "layers": 2}),
    ("ngrams", "InterpolatedNgrams", {"order": 3}),
]
NAMES = "".join(f"王{chr(0x4E00 + n)},{'男女'[n % 2]}\n" for n in range(60))
FEW_NAMES = (
    "王小红,女\n李伟,男\n",
    "王小,女\n李伟,女\n王伟,男\n",
    "王小红,女\n李伟,男\n赵云飞,男\n孙丽丽,女\n",
)
TEXTS = ("abracadabra" * 15, "我们分开 \r\n\u2028" * 15, "a" * 90)
SHORT_TEXTS = ("a", "ab", "\n" * 9, "abcdefghij")


@dataclass(frozen=True)
class Case:
    """Data, how it is encoded, and what is trained on it."""

    kind: str
    content: str
    settings: Settings
    task: str
    model: tuple[str, str, Settings]
    training: Settings


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Mostly such as could be meant; here and there one that could not."""

    def one(*meant: object, never: tuple[object, ...] = ()) -> Any:
        return draw(st.sampled_from([*meant * 40, *never]))

    kind = one("labelled_names", "running_text", "running_words")
    share = {"never": (0.99, 1.0, -1, 2.5)}
    if kind == "labelled_names":
        values = {
            "top_characters": one(None, never=(0, 1, 3, HUGE)),
            "train": one(None, 2, never=(0, HUGE)),
            "valid": one(0, 1, 0.1, never=(HUGE, *share["never"])),
            "test": one(1, 0.1, 0.5, never=(0, HUGE, *share["never"])),
            "seed": one(0, never=(-1, HUGE)),
        }
    elif kind == "running_text":
        values = {
            "characters": one(None, never=(1, HUGE, {"bundled": 1, "other": 3})),
            "newlines": one("keep", "space"),
            "steps": one(1, 3, never=(0, 5, HUGE)),
            "stride": one(1, 3, never=(0, HUGE)),
            "targets": one("every", "last"),
            "order": one("shuffled", "consecutive"),
            "split": one("contiguous", never=("random", "last")),
            "valid": one(0.0, 0.1, **share),
            "test": one(0.0, 0.1, **share),
            "seed": one(0, never=(1 << 32, HUGE)),
            "spared": one(0, never=(5, HUGE)),
        }
    else:
        values = {
            "least": one(1, 2, never=(0, HUGE)),
            "steps": one(1, 3, never=(0, HUGE)),
            "order": one("shuffled", "consecutive"),
            "valid": one(0.0, 0.1, **share),
            "test": one(0.0, 0.1, **share),
        }
    of_names = kind == "labelled_names"
    model = one(*OF_NAMES) if of_names else one(*OF_TEXT)
    closed = model[0] in ("baselines", "ngrams")
    training = {
        "optimizer": one("adam", "sgd", "adamw"),
        "rate": one(0.01, never=(1e-300, 1e30, 1e308)),
        "schedule": one("constant", "cosine"),
        "weight_decay": one(0.0, never=(1e308,)),
        "clip_norm": one(None, 1.0, never=(1e-300, 1e308)),
        "epochs": 1,
        "batch": one(2, 4, never=(1, 1000, 10**9, HUGE)),
        "keep": one("last", never=("best",)),
        "gradient_norms": one(None, 1, never=(HUGE,)),
    }
    return Case(
        kind,
        one(NAMES, never=FEW_NAMES) if of_names else one(*TEXTS, never=SHORT_TEXTS),
        values,
        "classify" if of_names else one("next_character", "restore"),
        model,
        {"kind": "closed_form"} if closed and one(True, never=(False,)) else training,
    )


def encode(case: Case, folder: Path) -> Path:
    """Cleaned and encoded, as the stages do it."""
    module = encoder(case.kind)
    files.write_json(folder / "origin.json", {"source": "own file", "name": "x"})
    if case.kind == "labelled_names":
        (folder / names.FILE).write_text(f"dict,sex\n{case.content}", encoding="utf-8")
        names.clean(folder / names.FILE, folder, PARAMS.corpora["names"])
    else:
        text.clean(case.content, folder / "none", folder)
    wanted = checked(module.Settings, {**case.settings}, "params.yaml: datasets.x.settings")
    out = folder / "encoded"
    out.mkdir()
    data, report = module.encode(folder, wanted)
    data.save(out)
    files.write_json(folder / "report.json", report)
    return out


def train_on(encoded: Path, case: Case) -> None:
    """One epoch; nothing that it leaves or answers is no number."""
    task = task_of(case.task)(encoded, CPU)
    kind = Descent if "rate" in case.training else ClosedForm
    training = checked(kind, {**case.training}, "params.yaml: experiments.x.training")
    refuse_choice_without_validation(task, training, "x")
    module, name, its_settings = case.model
    done = train(
        task,
        encoded.parent / "progress",
        training,
        spec={"module": module, "name": name, "settings": its_settings},
    )
    for weights in done.weights.values():
        assert not weights.is_floating_point() or weights.isfinite().all()
    assert done.told and all(math.isfinite(value) for row in done.told for value in row.values())
    for split in ("train", "valid", "test"):
        assert all(map(math.isfinite, task.score(done.model, split).values()))
        assert not np.isnan(task.answers(done.model, split).said).any()
