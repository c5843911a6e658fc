"""What people may type, or pipe, into generate and predict, and model folders that do not fit."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from recurrent import files, paths
from recurrent.commands import generate, predict
from recurrent.models import base as contract
from recurrent.training.seeding import seed_torch
from tests.project import ROOT, Project
from tests.reliability.ledger import Promise
from tests.reliability.nasty import VALUES, assert_paragraph, complaint

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
CHARACTERS = "王小红李伟abc \n"
ABOUT: dict[str, Any] = {"vocabulary": CHARACTERS, "classes": ["男", "女"]}
SPEC: dict[str, Any] = {
    "module": "char_rnn",
    "name": "CharRnnClassifier",
    "inputs": len(CHARACTERS) + 1,
    "outputs": 2,
    "settings": {"hidden": 4},
    "seeds": [0],
    "about": ABOUT,
}
WRITER = SPEC | {
    "module": "language_model",
    "name": "LanguageModel",
    "outputs": len(CHARACTERS) + 1,
    "settings": {"cell": "gru", "embedding": 2, "hidden": 4},
    "about": {"vocabulary": CHARACTERS, "steps": 3, "reads_on": True},
}
CLASSIFIES, WRITES = "names_rnn", "nietzsche_gru"
TYPED: dict[str, str] = {
    "nothing": "",
    "blanks": " \t\u3000",
    "a null character": "a\0b",
    "control characters": "\x1b[2J\x07\x7f\r",
    "an emoji of four": "👨\u200d👩\u200d👧",
    "a flag": "🏳\ufe0f\u200d🌈",
    "traditional": "陳國華",
    "half a character": "王\ud800",
    "of two sorts of width": "ａｂ",
    "from right to left": "\u202e王小红",
    "accents upon accents": "a" + "\u0301" * 5000,
    "quotes": "'\"`$(echo)",
    "10 MB": "王" * 3_400_000,
    "10 MB of others": "".join(map(chr, range(0x4E00, 0x9FFF))) * 160,
}


@pytest.fixture
def trained(project: Project) -> Project:
    """One network that classifies names and one that writes."""
    seed_torch("typed")
    for name, spec in ((CLASSIFIES, SPEC), (WRITES, WRITER)):
        folder = paths.model(name)
        folder.mkdir(parents=True)
        contract.save(contract.build(spec), contract.seed_file(folder, 0))
        files.write_json(folder / "spec.json", spec)
    return project


def writes(prefix: str) -> str:
    return complaint(lambda: generate.main(WRITES, prefix, length=3))


def classifies(name: str) -> str:
    return complaint(lambda: predict.main(CLASSIFIES, [name]))


def test_whatever_is_typed_is_answered_or_refused_by_what_it_is(
    trained: Project, promise: Promised, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise(
        "What is typed for generate and predict is answered or refused in a paragraph",
        "nothing, 10 MB, control and half characters, emoji, other scripts",
    )
    for case, typed in TYPED.items():
        assert writes(typed).startswith("prefix "), case
        said = classifies(typed)
        told = capsys.readouterr().out
        if typed.split():
            assert said.startswith("name 1: ") or told.count("\n") == 1, case
        else:
            assert not said and not told, case
        assert len(told) < 400 and all(c.isprintable() or c in "\t\n" for c in told), case
        kept.injected += 2
    assert not writes("王小红") and not classifies("王小红")


def test_any_text_is_answered_or_refused(
    trained: Project, promise: Promised, many: Many, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise("Any text at all is answered by generate and predict, or refused", "random text")

    @settings(max_examples=many(30, 150))
    @given(st.text(st.characters() | st.sampled_from(CHARACTERS), max_size=40))
    def typed(text: str) -> None:
        kept.injected += 2
        assert bool(writes(text)) == bool(not text or {*text} - {*CHARACTERS})
        classifies(text)

    typed()


def test_any_bytes_may_be_piped_into_predict(
    trained: Project, promise: Promised, many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = promise("Any bytes piped into predict are answered or refused", "random bytes, 10 MB")
    pipes = [b"\xff\xfe\n\xe7\x8e", b"\0" * 1000, b"x" * 10_000_000, bytes(range(256)) * 9]

    def piped(content: bytes) -> None:
        stdin = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stdin)
        kept.injected += 1
        complaint(lambda: predict.main(CLASSIFIES, None))

    settings(max_examples=many(30, 150))(given(st.binary(max_size=60))(piped))()
    for content in pipes:
        piped(content)


def test_a_model_whose_spec_is_not_its_own_is_refused(
    trained: Project, promise: Promised, many: Many
) -> None:
    kept = promise(
        "A model whose spec does not fit its weights or its vocabulary is refused",
        f"each of {len(VALUES)} nasty values at each key of spec.json; other weights; no JSON",
    )
    path = paths.model(CLASSIFIES) / "spec.json"
    cases = [{**SPEC, key: value} for key in SPEC for value in VALUES]
    cases += [{**SPEC, "about": ABOUT | {key: value}} for key in ABOUT for value in VALUES]
    cases += [{k: v for k, v in SPEC.items() if k != key} for key in SPEC]
    for spec in cases[:: many(7, 1)]:
        path.write_text(json.dumps(spec), encoding="utf-8")
        kept.injected += 1
        said = complaint(lambda: predict.main(CLASSIFIES, ["王小红"]))
        assert said or spec == SPEC, spec
    for content in (b"", b"[]", b"null", b"{", b'"\xff"', b"\x80\x04N."):
        path.write_bytes(content)
        kept.injected += 1
        assert str(path) in complaint(lambda: predict.main(CLASSIFIES, ["王小红"])), content


def test_weights_of_another_kind_are_refused(trained: Project, promise: Promised) -> None:
    kept = promise("No file but whole safetensors is loaded as weights", "pickle, halves, others")
    path = contract.seed_file(paths.model(CLASSIFIES), 0)
    whole = path.read_bytes()
    others = [b"", b"\x80\x04N.", whole[: len(whole) // 2], whole + b"x", b"\xff" * 64]
    for content in others:
        path.write_bytes(content)
        kept.injected += 1
        assert str(path) in complaint(lambda: predict.main(CLASSIFIES, ["王小红"]))
    save_file({}, path)
    assert str(path) in complaint(lambda: predict.main(CLASSIFIES, ["王小红"]))


@pytest.mark.parametrize(
    "command",
    [
        ("predict", CLASSIFIES, "王" * 40),
        ("generate", WRITES, "--prefix", "é"),
        ("generate", "nonesuch", "--prefix", "a"),
    ],
    ids=["a long name", "an unknown character", "an unknown experiment"],
)
def test_a_refusal_is_one_paragraph_and_exit_code_1(
    trained: Project, command: tuple[str, ...]
) -> None:
    done = run(trained.folder, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert_paragraph(done.stderr.removesuffix("\n"))
    assert "Traceback" in run(trained.folder, *command, "--debug").stderr


@pytest.mark.parametrize("command", [("predict",), ("generate", WRITES), ("predict", "-x")])
def test_wrong_usage_is_exit_code_2(trained: Project, command: tuple[str, ...]) -> None:
    assert run(trained.folder, *command).returncode == 2


def run(folder: Path, verb: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of the README."""
    return subprocess.run(
        [sys.executable, "-m", f"stages.{verb}", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
