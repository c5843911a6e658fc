"""MLflow models from code: loaded without this repository and without pickle."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recurrent.commands import generate, predict
from recurrent.common import files, paths
from recurrent.serving import package
from recurrent.serving.regressor import Regressor
from recurrent.training.fingerprint import imports
from tests.commands.trained import CLASSIFIER, REGRESSOR, STACKED, WINDOWED, save
from tests.project import ROOT, Project

MODEL = paths.PIPELINES["lectures"].model
FIRST = "\U000f0000"  # stands for a word
OF_WORDS: dict[str, Any] = {
    **STACKED,
    "inputs": 4,
    "outputs": 4,
    "about": {"vocabulary": ["不", "他", FIRST], "window": 3, "stateful": True},
}
LOAD = """\
import json, sys
import mlflow, pandas

for model, rows, params in json.load(sys.stdin):
    loaded = mlflow.pyfunc.load_model(model)
    answer = loaded.predict(pandas.DataFrame(rows), params=params)
    print(json.dumps(answer.to_dict("records")))
import recurrent
print(recurrent.__file__)
"""


def answers(
    folder: Path,
    *questions: tuple[str, dict[str, list[str]], dict[str, Any]],
    python: str = sys.executable,
) -> list[Any]:
    """Load models in a process without this repository; return their predictions."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    switches = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [python, "-I", "-c", LOAD],  # -I: the current folder is not on the path
        input=json.dumps(questions),
        cwd=folder,
        env={**environment, **switches},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *lines, loaded_from = done.stdout.splitlines()
    assert Path(loaded_from).is_relative_to(folder)
    return [json.loads(line) for line in lines]


def test_models_of_all_kinds_answer_as_the_commands_do(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """One process loads them one after the other."""
    save("names_gated/gru", CLASSIFIER)
    save("nietzsche_rnn/lecture", WINDOWED)
    save("lyrics_gru/lecture", OF_WORDS)
    save("sales_networks/one", REGRESSOR)
    words = paths.encoded("lyrics_lecture") / "words.json"
    files.write_json(words, {FIRST: "知道"})
    files.write_json(words.with_name("dataset.json"), {"vocabulary": ["不", "他", FIRST]})
    place = project.folder / "saved"
    network = MODEL("names_gated", "gru").rename("signs # in a%20path")
    package.save(network, place / "names", "classify")
    network.rename(MODEL("names_gated", "gru"))
    package.save(MODEL("nietzsche_rnn", "lecture"), place / "text", "next_token")
    package.save(MODEL("lyrics_gru", "lecture"), place / "words", "next_token", words)
    package.save(MODEL("sales_networks", "one"), place / "sales", "regress")
    names = ["王小红", "李Q", "Q😀", ""]
    table = {"store": ["2", "1"], "day": ["1", "3"]}
    settings = {"length": 9, "temperature": 0.7, "seed": 5}
    of_names, of_text, of_words, of_sales = answers(
        place,
        ("names", {"name": names}, {}),
        ("text", {"prefix": ["abcde", "a", "abcde"]}, settings),
        ("words", {"prefix": ["他不知道"]}, {"length": 6}),
        ("sales", table, {}),
    )
    for name, answer in zip(names, of_names, strict=True):
        predict.main("names_gated/gru", [name])
        assert capsys.readouterr().out == as_line(name, answer)
    assert of_names[3]["label"] == "?" and of_names[3]["男"] is None
    assert of_names[0]["男"] + of_names[0]["女"] == pytest.approx(1)

    assert of_text[0] == of_text[2], "a text does not depend on the others"
    for prefix, answer in zip(("abcde", "a"), of_text, strict=False):
        generate.main("nietzsche_rnn", prefix, **settings)
        assert capsys.readouterr().out == f"{prefix}{answer['continuation']}\n"
    assert of_text[0]["nats_per_character"] > 0 and of_text[1]["nats_per_character"] is None

    generate.main("lyrics_gru", "他不知道", length=6)
    assert capsys.readouterr().out == f"他不知道{of_words[0]['continuation']}\n"

    values = Regressor(MODEL("sales_networks", "one")).predict(table)
    assert [row["value"] for row in of_sales] == pytest.approx([*values], rel=1e-6)


def as_line(name: str, answer: dict[str, Any]) -> str:
    """What `recurrent predict` prints."""
    if not name:
        return ""
    chance = "" if answer["probability"] is None else f"{answer['probability']:.4f}"
    remark = f"unknown: {' '.join(answer['unknown'])}" if answer["unknown"] else ""
    return "\t".join((name, answer["label"], chance, remark)) + "\n"


def test_a_model_has_no_pickle_and_names_what_it_needs(project: Project) -> None:
    save("names_gated/gru", CLASSIFIER)
    package.save(MODEL("names_gated", "gru"), Path("model"), "classify")
    kinds = {path.suffix for path in Path("model").rglob("*") if path.is_file()}
    assert kinds == {"", ".json", ".py", ".safetensors", ".txt", ".yaml"}
    lines = Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.count("==") == 1 and "+" not in line for line in lines)
    needed = {line.partition("==")[0] for line in lines}
    assert needed == {
        *("mlflow", "numpy", "pandas", "pydantic", "ruamel.yaml", "safetensors", "torch")
    }


def test_every_package_that_a_model_imports_has_its_distribution() -> None:
    imported = {
        name.partition(".")[0]
        for file in package.all_code()
        for name in imports(file.relative_to(ROOT).as_posix())
    }
    assert imported - sys.stdlib_module_names - {"recurrent"} == package.DISTRIBUTIONS.keys()


def test_a_model_carries_no_code_that_only_training_needs() -> None:
    folders = {file.relative_to(ROOT).parts[1] for file in package.all_code()}
    assert folders == {"__init__.py", "common", "data", "models", "serving", "tasks"}


def test_the_example_is_text_that_the_model_can_read() -> None:
    (prefix,) = package.next_token(STACKED).example["prefix"]
    assert {*prefix} <= {*STACKED["about"]["vocabulary"]}
    (prefix,) = package.next_token(OF_WORDS).example["prefix"]
    assert prefix == "不他"


def test_a_label_of_the_build_is_not_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "version", lambda _: "2.13.0+cpu")
    assert package.requirement("torch") == "torch==2.13.0"
