"""`recurrent serve`: serve a trained model over HTTP."""

from recurrent.commands import lookup
from recurrent.commands.generate import load_language_model
from recurrent.common import paths
from recurrent.common.errors import PipelineError
from recurrent.serving import server
from recurrent.serving.package import INTERFACES
from recurrent.training.determinism import prepare


def main(name: str, host: str, port: int) -> None:
    """Serve a champion or a variant until the user presses Ctrl-C."""
    settings, variant, network = lookup.find_trained(name)
    if variant.task not in INTERFACES:
        raise PipelineError(
            f"this model cannot be served; its task is {variant.task}.",
            where=variant.name,
            remedy=f"Choose a model whose task is {' or '.join(INTERFACES)}.",
        )
    dataset = paths.encoded(variant.dataset)
    if (dataset / "vectors.npy").exists():
        raise PipelineError(
            "this model reads the embeddings of another network, so it cannot be served.",
            where=variant.name,
            remedy="Choose a model of sales_networks or sales_methods.",
        )
    # Requests are small, so a GPU would not help.
    device = prepare(settings.runtime.model_copy(update={"device": "cpu", "precision": "full"}))
    words = None
    if variant.task == "next_token" and load_language_model(variant, network, device).words:
        words = dataset / "words.json"
    server.serve(name, network, variant.task, words, host, port)
