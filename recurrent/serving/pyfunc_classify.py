"""The MLflow model of a classifier of names. MLflow runs this file to load the model."""

from itertools import chain
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from recurrent.serving.requests import (
    as_bad_request,
    number_column,
    one_thread,
    refuse_large,
    text_column,
)

MAX_NAMES = 10_000  # in a request to a server


class NameClassifier(PythonModel):
    """Predict a label, its probability, and the probability of each class for each `name`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the networks. Import PyTorch here, so that saving a model does not need it."""
        from recurrent.serving.classifier import Classifier

        self.classifier = Classifier(Path(context.artifacts["network"]))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Classify the names."""
        with as_bad_request(), one_thread():
            names = text_column(model_input, "name")
            refuse_large(len(names), MAX_NAMES, "names")
            found = [*chain.from_iterable(self.classifier.classify([names]))]
        columns = {
            "label": pd.Series([one.label for one in found], dtype=object),
            "probability": number_column([one.probability for one in found]),
            **{
                label: number_column([one.probabilities.get(label) for one in found])
                for label in self.classifier.classes
            },
            "unknown": pd.Series(["".join(one.unknown) for one in found], dtype=object),
        }
        return pd.DataFrame(columns).set_axis(model_input.index)


mlflow.models.set_model(NameClassifier())
