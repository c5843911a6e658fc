"""The best network of each lecture, as MLflow's registry records it."""

import hashlib
from dataclasses import dataclass

from recurrent.tracking.runs import TrackedRun


@dataclass(frozen=True)
class Champion:
    """The best network of a lecture at present, and the name of its registered model."""

    name: str
    title: str
    run: TrackedRun
    valid_loss: float
    data: str  # digest of all datasets on which the validation losses can be compared

    def tags(self) -> dict[str, str]:
        """Return what the versions of the registered model are found and compared by."""
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
        """Return a hash of everything that is registered. The weights stand for the commit."""
        content = {**self.tags(), "git_commit": "", "name": self.name, "title": self.title}
        return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()
