"""The MLflow model of a language model. MLflow runs this file to load the model."""

from math import isfinite
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from recurrent.common.errors import PipelineError
from recurrent.serving.requests import (
    as_bad_request,
    number_column,
    one_thread,
    refuse_large,
    text_column,
)

MAX_PARAMETERS = {"length": 100_000, "temperature": 1e6, "seed": (1 << 63) - 1}
MAX_CHARACTERS = 20_000  # of prefixes and continuations in a request to a server


class TextContinuation(PythonModel):
    """Continue each `prefix`, and compute its loss."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the network. Import PyTorch here, so that saving a model does not need it."""
        from recurrent.data.words.spelling import words_of
        from recurrent.serving.language import LanguageModel

        network = Path(context.artifacts["network"])
        self.language = LanguageModel(network, words_of(network.parent))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Continue each prefix separately, so that its text does not depend on the others."""
        settings = params or {}
        with as_bad_request(), one_thread():
            refuse_out_of_range(settings)
            prefixes = text_column(model_input, "prefix")
            size = sum(map(len, prefixes)) + settings["length"] * len(prefixes)
            refuse_large(size, MAX_CHARACTERS, "characters")
            continuations = [self._continue(prefix, **settings) for prefix in prefixes]
            nats = [*map(self.language.nats_per_character, prefixes)]
        columns = {
            "continuation": pd.Series(continuations, dtype=object),
            "nats_per_character": number_column(nats),
        }
        return pd.DataFrame(columns).set_axis(model_input.index)

    def _continue(self, prefix: str, length: int, temperature: float, seed: int) -> str:
        from recurrent.tasks.generation import greedy, sample

        choose = sample(temperature, None, seed) if temperature else greedy
        return "".join(piece for (piece,) in self.language.generate(prefix, length, choose))


def refuse_out_of_range(settings: dict[str, Any]) -> None:
    """Refuse a parameter that is negative, not finite, or too large."""
    for name, largest in MAX_PARAMETERS.items():
        value = settings[name]
        if not (isfinite(value) and 0 <= value <= largest):
            raise PipelineError(f"must be from 0 to {largest:,}, got {value}.", where=name)


mlflow.models.set_model(TextContinuation())
