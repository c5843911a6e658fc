"""Two models on the same records: the difference, its error, and what may be said of it."""

import numpy as np
import pytest

from recurrent import config as params
from recurrent.evaluation.measured import Measured
from recurrent.evaluation.paired import against_baselines, difference, verdict
from tests.pipeline.imports import ROOT

REAL = params.load(ROOT / "params.yaml")
NAMES = [name for name, e in REAL.experiments.items() if e.task == "classify"]
GROUND = "{'test': (100, 200)}"


def changed(name: str, **update: str) -> params.Params:
    """The real parameters, one experiment changed."""
    experiment = REAL.experiments[name].model_copy(update=update)
    return REAL.model_copy(update={"experiments": {**REAL.experiments, name: experiment}})


def of_records(merit: list[float], together: list[float] | None = None) -> Measured:
    """What each name contributed to a classifier's accuracy."""
    return Measured(
        report={"protocol": "held-out"},
        records=np.arange(len(merit), dtype=np.int32),
        merit=np.array(merit),
        together=None if together is None else np.array(together),
    )


def of_text(
    merit: list[float],
    *,
    first: int = 100,
    block: int = 10,
    ground: str = GROUND,
    protocol: str = "held-out",
) -> Measured:
    """What each character of a stretch contributed to a language model's loss."""
    places = np.arange(first, first + len(merit), dtype=np.int32)
    return Measured(
        report={"protocol": protocol},
        records=places,
        merit=np.array(merit),
        together=None,
        block=block,
        ground=ground,
    )


def test_the_error_is_that_of_paired_differences() -> None:
    ours, theirs = np.array([1, 1, 1, 0.0]), np.array([1, 0, 1, 1.0])
    compared = difference(ours, theirs)
    assert compared["difference"] == 0
    assert compared["standard_error"] == pytest.approx(np.std([0, 1, 0, -1], ddof=1) / 2)


def test_models_that_err_on_the_same_records_differ_surely() -> None:
    rng = np.random.default_rng(0)
    theirs = (rng.random(1000) < 0.8).astype(float)
    ours = theirs.copy()
    ours[np.flatnonzero(theirs == 0)[:30]] = 1
    alone = np.sqrt(0.8 * 0.2 / 1000)
    compared = difference(ours, theirs)
    assert compared["difference"] == pytest.approx(0.03)
    assert compared["standard_error"] < alone / 2


@pytest.mark.parametrize(
    ("gap", "word"),
    [(0.01, "beats"), (0.0059, "level with"), (-0.005, "level with"), (-0.02, "behind")],
)
def test_a_difference_within_two_errors_is_none(gap: float, word: str) -> None:
    said = verdict("logistic", {"difference": gap, "standard_error": 0.003, "blocks": 100})
    assert said == f"{word} logistic ({gap:+.4f} ± 0.0030)"


@pytest.mark.parametrize(
    ("blocks", "errors", "word"),  # how many errors are no difference: of few blocks, more
    [
        (2, 12.6, "level with"),
        (2, 12.8, "beats"),
        (10, 2.2, "level with"),
        (10, 2.3, "beats"),
        (1000, 1.99, "level with"),
        (1000, 2.01, "beats"),
        (10, -2.2, "level with"),
        (10, -2.3, "behind"),
    ],
)
def test_of_few_blocks_it_takes_more_errors_to_differ(
    blocks: int, errors: float, word: str
) -> None:
    said = verdict("gram", {"difference": errors, "standard_error": 1.0, "blocks": blocks})
    assert said.startswith(f"{word} gram")


def test_neighbours_in_a_block_count_as_one() -> None:
    rng = np.random.default_rng(0)
    of_block = rng.normal(size=50)
    ours, theirs = np.repeat(of_block, 20), np.zeros(1000)  # 20 neighbours say one thing
    blocks = difference(ours, theirs, 20)
    assert blocks["difference"] == pytest.approx(of_block.mean())
    assert blocks["standard_error"] == pytest.approx(np.std(of_block, ddof=1) / np.sqrt(50))
    assert blocks["standard_error"] > 4 * difference(ours, theirs)["standard_error"]


def test_what_fills_no_block_counts_in_the_difference_alone() -> None:
    ours = np.array([1, 3, 2, 6, 50.0])  # blocks of mean 2 and 4, and one left over
    compared = difference(ours, np.zeros(5), 2)
    assert compared["difference"] == pytest.approx(62 / 5)
    assert compared["standard_error"] == pytest.approx(np.std([2, 4], ddof=1) / np.sqrt(2))


def test_a_stretch_shorter_than_two_blocks_is_cut_in_two() -> None:
    compared = difference(np.array([1, 3, 2, 6.0]), np.zeros(4), 100)
    assert compared["blocks"] == 2
    assert compared["standard_error"] == pytest.approx(np.std([2, 4], ddof=1) / np.sqrt(2))


class TestRivals:
    def test_the_rival_is_the_best_baseline_on_the_same_dataset(self) -> None:
        measured = {name: of_records([0.0, 1.0] * 50) for name in NAMES}
        measured["names_logistic"] = of_records([0.0, 1.0, 1.0, 1.0] * 25)
        measured["names_all_bayes"] = of_records([1.0] * 100)  # better still, on other names
        compared = against_baselines(REAL, measured, {})
        assert compared["names_gru"]["baseline"] == "names_logistic"
        assert compared["names_gru"]["seeds"]["difference"] == -0.25
        assert "together" not in compared["names_gru"]
        assert "names_logistic" not in compared
        assert "names_rnn" not in compared, "no baseline is trained on the lecture's 10,000 names"

    def test_the_seeds_together_stand_against_the_same_rival(self) -> None:
        measured = {
            "names_gru": of_records([0.0, 1.0] * 50, together=[1.0, 1.0] * 50),
            "names_bayes": of_records([0.0, 1.0] * 50),
        }
        compared = against_baselines(REAL, measured, {})["names_gru"]
        assert compared["seeds"]["difference"] == 0
        assert compared["together"]["difference"] == 0.5

    def test_against_a_rival_with_seeds_of_its_own_both_sides_are_averaged(self) -> None:
        measured = {
            "sales_network": of_records([-0.3] * 100, together=[-0.1] * 100),
            "sales_boosted": of_records([-0.4] * 100, together=[-0.2] * 100),
        }
        compared = against_baselines(REAL, measured, {})["sales_network"]
        assert compared["seeds"]["difference"] == pytest.approx(0.1)
        assert compared["together"]["difference"] == pytest.approx(0.1), "not 0.3"

    @pytest.mark.parametrize(("ours", "compared"), [(10, False), (9, False), (8, True)])
    def test_on_a_single_record_nothing_is_compared(self, ours: int, compared: bool) -> None:
        measured = {
            "nietzsche_lstm": of_text([1.0, 2.0], first=ours, block=1),
            "nietzsche_trigram": of_text([3.0, 3.0], first=8, block=1),
        }
        assert bool(against_baselines(REAL, measured, {})) == compared

    def test_a_text_is_the_ground_whatever_the_windows_on_it(self) -> None:
        measured = {
            "nietzsche_rnn_held_out": of_text([-1.0] * 100),
            "nietzsche_trigram": of_text([-2.0] * 100),
            "nietzsche_fivegram": of_text([-1.5] * 100),
        }
        compared = against_baselines(REAL, measured, {})["nietzsche_rnn_held_out"]
        assert compared["baseline"] == "nietzsche_fivegram"
        assert compared["seeds"]["difference"] == 0.5

    def test_only_records_that_both_were_asked_for_are_compared(self) -> None:
        measured = {
            "nietzsche_lstm": of_text([9.0, 1.0, 2.0, 4.0], first=10, block=1),
            "nietzsche_trigram": of_text([1.0, 1.0, 1.0, 9.0], first=11, block=1),
        }
        compared = against_baselines(REAL, measured, {})["nietzsche_lstm"]["seeds"]
        assert compared["difference"] == pytest.approx((0 + 1 + 3) / 3)

    def test_errors_are_of_the_blocks_that_the_measure_names(self) -> None:
        ours, theirs = [-1.0, -3.0, -2.0, -6.0] * 10, [0.0] * 40
        measured = {
            "nietzsche_lstm": of_text(ours, block=4),
            "nietzsche_trigram": of_text(theirs, block=4),
        }
        compared = against_baselines(REAL, measured, {})["nietzsche_lstm"]["seeds"]
        same = {"difference": -3.0, "standard_error": 0.0, "blocks": 10}  # every block
        assert compared == same

    @pytest.mark.parametrize("ground", ["", "{'test': (300, 400)}"])
    def test_another_stretch_of_the_text_is_no_ground_to_compare_on(self, ground: str) -> None:
        measured = {
            "nietzsche_rnn_held_out": of_text([-1.0] * 100, ground=ground),
            "nietzsche_trigram": of_text([-2.0] * 100),
        }
        assert against_baselines(REAL, measured, {}) == {}

    def test_on_its_training_text_nobody_has_a_rival(self) -> None:
        def compared(protocol: str) -> set[str]:
            ours = of_text([-1.0] * 100, protocol=protocol)
            theirs = of_text([-2.0] * 100, protocol=protocol)
            texts = {"nietzsche_lstm": ours, "nietzsche_trigram": theirs}
            return {*against_baselines(REAL, texts, {})}

        assert compared("held-out") == {"nietzsche_lstm"}
        assert compared("its training text") == set()

    def test_a_rival_that_is_named_stands_in_place_of_the_best_baseline(self) -> None:
        measured = {
            "sales_network_vectors": of_records([-0.1] * 100, together=[-0.05] * 100),
            "sales_network": of_records([-0.3] * 100),
            "sales_boosted": of_records([-0.2] * 100),  # the best baseline
        }
        named = {"sales_network_vectors": "sales_network"}
        compared = against_baselines(REAL, measured, named)
        assert compared["sales_network_vectors"]["baseline"] == "sales_network"
        assert compared["sales_network_vectors"]["seeds"]["difference"] == pytest.approx(0.2)
        assert compared["sales_network_vectors"]["together"]["difference"] == pytest.approx(0.25)
        assert compared["sales_network"]["baseline"] == "sales_boosted", "nobody named its rival"

    def test_a_baseline_has_a_rival_only_if_it_is_named(self) -> None:
        """On a dataset of its own, and of the same rows."""
        names = ("sales_forest", "sales_boosted", "sales_forest_vectors", "sales_boosted_vectors")
        measured = {name: of_records([-0.1 * place] * 100) for place, name in enumerate(names)}
        named = {"sales_forest_vectors": "sales_forest"}
        compared = against_baselines(REAL, measured, named)
        assert [*compared] == ["sales_forest_vectors"]
        assert compared["sales_forest_vectors"]["baseline"] == "sales_forest"
        assert compared["sales_forest_vectors"]["seeds"]["difference"] == pytest.approx(-0.2)

    def test_a_named_rival_that_was_not_measured_leaves_it_to_the_best_baseline(self) -> None:
        measured = {name: of_records([0.0, 1.0] * 50) for name in ("names_gru", "names_bayes")}
        compared = against_baselines(REAL, measured, {"names_gru": "names_lstm"})
        assert compared["names_gru"]["baseline"] == "names_bayes"

    def test_another_question_has_no_rival_here(self) -> None:
        measured = {name: of_records([0.0, 1.0] * 50) for name in ("names_gru", "names_bayes")}
        assert "names_gru" in against_baselines(REAL, measured, {})
        asked = changed("names_bayes", task="regress")
        assert against_baselines(asked, measured, {}) == {}

    def test_another_text_is_no_ground_to_compare_on(self) -> None:
        measured = {name: of_text([-1.0] * 100) for name in ("nietzsche_lstm", "nietzsche_trigram")}
        assert "nietzsche_lstm" in against_baselines(REAL, measured, {})
        measured["nietzsche_lstm"] = of_text([-1.0] * 100, ground="another text")
        assert against_baselines(REAL, measured, {}) == {}
