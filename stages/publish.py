"""Stage: publish new results to MLflow. If MLflow fails, print a warning only."""

from recurrent.commands import publish
from recurrent.common import console

if __name__ == "__main__":
    console.run(publish.after_repro)
