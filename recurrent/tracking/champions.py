"""The champion of a lecture, as MLflow's registry records it."""

import hashlib
from dataclasses import dataclass

from recurrent.tracking.runs import TrackedRun


@dataclass(frozen=True)
class Champion:
    """A lecture's network with the lowest validation loss, and the name of its registered model."""

    name: str
    title: str
    run: TrackedRun
    valid_loss: float
    data: str  # digest of the datasets whose validation losses can be compared

    def tags(self) -> dict[str, str]:
        """Return the tags of a version: versions are found and compared by them."""
        return {
            "variant": self.run.variant.name,
            "valid_loss": repr(self.valid_loss),
            "dataset": self.run.variant.dataset,
            "data": self.data,
            "weights": self.weights(),
            "fingerprint": self.run.fingerprint,
            "git_commit": self.run.git_commit,
        }

    def weights(self) -> str:
        """Return a hash of the weights of all seeds."""
        folder = self.run.results.model(self.run.variant.experiment, self.run.variant.variant)
        digest = hashlib.sha256()
        for file in sorted(folder.glob("*.safetensors")):
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def state(self) -> str:
        """Return a hash of everything that is registered, except the commit."""
        content = {**self.tags(), "git_commit": "", "name": self.name, "title": self.title}
        return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()
