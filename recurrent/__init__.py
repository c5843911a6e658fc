"""Five lectures on recurrent networks: data, models, training, evaluation, report."""

import recurrent.common  # noqa: F401  sets what NumPy computes with, before NumPy is imported
