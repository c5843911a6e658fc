"""The MLflow model of sales. MLflow runs this file to load the model."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from recurrent.serving.requests import as_bad_request, one_thread, refuse_large, text_column

MAX_ROWS = 10_000  # in a request to a server


class SalesRegressor(PythonModel):
    """Predict a value for each row, which has a level of each column, as text."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the networks. Import PyTorch here, so that saving a model does not need it."""
        from recurrent.serving.regressor import Regressor

        self.regressor = Regressor(Path(context.artifacts["network"]))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Predict the value of each row."""
        with as_bad_request(), one_thread():
            refuse_large(len(model_input), MAX_ROWS, "rows")
            columns = {name: text_column(model_input, name) for name in self.regressor.levels}
            values = self.regressor.predict(columns)
        return pd.DataFrame({"value": values}, index=model_input.index)


mlflow.models.set_model(SalesRegressor())
