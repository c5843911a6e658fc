"""Random small projects: data, settings and models that fit, or now and then do not."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

HUGE = 1 << 62
NAMES = "".join(f"王{chr(0x4E00 + n)},{'男女'[n % 2]}\n" for n in range(60))
FEW_NAMES = ("王小红,女\n李伟,男\n", "王小,女\n李伟,女\n王伟,男\n")
TEXTS = ("abracadabra" * 15, "我们分开 \r\n\u2028" * 15, "a" * 90)
SHORT_TEXTS = ("a", "ab", "\n" * 9, "abcdefghij")
SMALL = {"embedding": 3, "hidden": 4}
OF_NAMES = (
    ("names", "CharRnnClassifier", {"hidden": 4}),
    ("names", "RecurrentClassifier", {"cell": "gru", "bidirectional": True, **SMALL}),
    ("baselines", "NaiveBayes", {}),
    ("baselines", "LogisticNgrams", {"strength": 1.0}),
)
OF_TEXT = (
    ("nietzsche", "Char3", SMALL),
    ("nietzsche", "CharLoopConcat", SMALL),
    ("nietzsche", "CharRnn", SMALL),
    ("nietzsche", "CharSeqRnn", SMALL),
    ("nietzsche", "StatefulRnn", {"cell": "lstm", **SMALL}),
    ("lyrics", "Gru", {"hidden": 4}),
    ("lyrics", "Stacked", {"cell": "lstm", "hidden": 4, "bidirectional": True, "layers": 2}),
    ("ngrams", "InterpolatedNgrams", {"order": 3}),
)


def mostly(*meant: Any, never: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Draw a value that makes sense, or once in a while one that does not."""
    return st.sampled_from([*meant * 40, *never])


SHARES = mostly(0.0, 0.1, never=(0.99, 1.0, -1, 2.5))
OF_WINDOWS = {
    "window": mostly(1, 3, never=(0, 5, HUGE)),
    "order": mostly("shuffled", "sequential"),
    "valid": SHARES,
    "test": SHARES,
}
SETTINGS: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "names": st.fixed_dictionaries(
        {
            "top_characters": mostly(None, never=(0, 1, 3, HUGE)),
            "train": mostly(None, 2, never=(0, HUGE)),
            "valid": mostly(0, 1, 0.1, never=(1.0, 2.5, HUGE)),
            "test": mostly(1, 0.1, 0.5, never=(0, 1.0, HUGE)),
            "seed": mostly(0, never=(-1, HUGE)),
        }
    ),
    "text": st.fixed_dictionaries(
        {
            **OF_WINDOWS,
            "characters": mostly(None, never=(1, HUGE)),
            "newlines": mostly("keep", "space"),
            "stride": mostly(1, 3, never=(0, HUGE)),
            "targets": mostly("every", "last"),
            "split": mostly("contiguous", never=("random", "last")),
            "seed": mostly(0, never=(1 << 32,)),
            "exclude_last": mostly(0, never=(5, HUGE)),
        }
    ),
    "words": st.fixed_dictionaries({**OF_WINDOWS, "min_count": mostly(1, 2, never=(0, HUGE))}),
}
DESCENT = st.fixed_dictionaries(
    {
        "optimizer": mostly("adam", "sgd", "adamw"),
        "learning_rate": mostly(0.01, never=(1e-300, 1e30, 1e308)),
        "schedule": mostly("constant", "cosine"),
        "weight_decay": mostly(0.0, never=(1e308,)),
        "clip_norm": mostly(None, 1.0, never=(1e-300, 1e308)),
        "epochs": mostly(1),
        "batch_size": mostly(2, 4, never=(1, 1000, HUGE)),
        "keep": mostly("last", never=("best",)),
        "gradient_norms": mostly(None, 1, never=(HUGE,)),
    }
)


@st.composite
def projects(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw the content of a raw file, and a params.yaml with one dataset and experiment on it."""
    kind = draw(mostly(*SETTINGS))
    of_names = kind == "names"
    content = draw(
        mostly(NAMES, never=FEW_NAMES) if of_names else mostly(*TEXTS, never=SHORT_TEXTS)
    )
    module, name, settings = draw(mostly(*(OF_NAMES if of_names else OF_TEXT)))
    fits = module in ("baselines", "ngrams") and draw(mostly(True, never=(False,)))
    return content, {
        "runtime": {"device": "cpu"},
        "source": "bundled",
        "corpora": {
            "c": {"kind": "names" if of_names else "text", "synthetic": {"seed": 0, "size": 1}}
        },
        "datasets": {"d": {"corpus": "c", "kind": kind, "settings": draw(SETTINGS[kind])}},
        "experiments": {
            "x": {
                "title": "a random experiment",
                "lecture": "names",
                "dataset": "d",
                "also": "d",
                "task": "classify" if of_names else draw(mostly("next_token", "restore")),
                "model": {"module": module, "name": name, "settings": settings},
                "training": {"method": "fit"} if fits else draw(DESCENT),
                "variants": {"v": {}},
            }
        },
    }
