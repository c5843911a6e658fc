"""Tables of the answers of models."""

from typing import Any

from recurrent.report.samples import _mistakes


def wrong(name: str, answer: str, probability: float) -> dict[str, Any]:
    label = "女" if answer == "男" else "男"
    return {"name": name, "label": label, "answer": answer, "probability": probability}


def test_the_mistakes_of_most_models_are_first_and_the_most_confident_of_those() -> None:
    found = _mistakes(
        [
            [wrong("甲", "男", 0.999), wrong("乙", "女", 0.8)],
            [wrong("乙", "女", 0.9), wrong("丙", "男", 0.7)],
            [],
        ]
    )
    assert found is not None and found.folded
    assert found.title == "The most confident mistakes of 3 models"
    assert found.head[3] == "models, of 3"
    assert [[cell.text for cell in row] for row in found.rows] == [
        ["乙", "男", "女", "2", "90.0 %"],
        ["甲", "女", "男", "1", "99.9 %"],
        ["丙", "女", "男", "1", "70.0 %"],
    ]


def test_models_without_mistakes_have_no_table() -> None:
    assert _mistakes([[], []]) is None
