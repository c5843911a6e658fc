"""The stage that copies the best network of each lecture."""

import pytest

from recurrent.commands.lookup import find_trained
from recurrent.common import config, files, paths
from recurrent.common.errors import PipelineError
from recurrent.models import base
from stages import champions
from tests.commands import trained
from tests.project import Project


def save(name: str, losses: list[float]) -> None:
    """Write a trained variant; its validation loss in each epoch."""
    trained.save(name, trained.CLASSIFIER)
    experiment, _, variant = name.partition("/")
    path = config.load().results.history(experiment)
    rows = [f"{variant},0,{epoch},{loss}" for epoch, loss in enumerate(losses, 1)]
    known = path.read_text(encoding="utf-8") if path.exists() else "variant,seed,epoch,valid_loss\n"
    files.write_text(path, known + "".join(f"{row}\n" for row in rows))


def test_the_lowest_validation_loss_wins_and_its_files_are_copied(project: Project) -> None:
    project.edit({"experiments.names_gated.training.keep": "last"})
    save("names_gated/rnn", [0.1, 0.3])  # the kept weights are those of the last epoch
    save("names_gated/gru", [0.4, 0.2])
    champions.main()
    _, variant, folder = find_trained("names-to-sex")
    assert variant.name == "names_gated/gru"
    assert files.read_json(folder / paths.CHAMPION)["valid_loss"] == 0.2
    spec = base.read_spec(folder)
    own = config.load().results.model("names_gated", "gru")
    for seed in spec["seeds"]:
        files_of = (base.seed_file(one, seed).read_bytes() for one in (folder, own))
        assert len({*files_of}) == 1
    assert project.listing("data/champions") == {
        f"names-to-sex/{name}"
        for name in (paths.CHAMPION, "spec.json", *(f"seed-{n}.safetensors" for n in (0, 1)))
    }


def test_a_champion_of_an_earlier_run_is_replaced(project: Project) -> None:
    save("names_gated/rnn", [0.3])
    champions.main()
    save("names_gated/gru", [0.2])
    champions.main()
    assert find_trained("names-to-sex").variant.name == "names_gated/gru"


def test_networks_on_other_records_do_not_compete(project: Project) -> None:
    save("names_char_rnn/lecture", [0.01])  # some of its validation names are training names
    save("names_gated/rnn", [0.3])
    champions.main()
    assert find_trained("names-to-sex").variant.name == "names_gated/rnn"


def test_a_champion_that_is_not_trained_is_refused_with_what_to_do(project: Project) -> None:
    champions.main()
    assert project.listing("data/champions") == set()
    with pytest.raises(PipelineError, match=r"^lyrics: .*not been trained.*recurrent repro"):
        find_trained("lyrics")


def test_a_dataset_of_a_champion_must_exist(project: Project) -> None:
    project.edit({"champions.lyrics.datasets": ["lyrics_held"]})
    with pytest.raises(PipelineError, match=r"champions\.lyrics\.datasets: .*'lyrics_held'"):
        config.load()
