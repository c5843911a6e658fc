"""The command `recurrent`: every subcommand with its options and help.

The commands themselves are in `recurrent/commands`. Those modules are imported late, so that
`--help` and completion load neither PyTorch nor pandas.
"""

from pathlib import Path
from typing import Annotated

import typer

from recurrent.common.console import execute
from recurrent.common.errors import PipelineError

PACKAGE = "recurrent-lectures"  # its name in pyproject.toml
app = typer.Typer(
    help="Five lectures on recurrent networks, rebuilt from raw text to their published numbers.",
    epilog="--debug, before or after a command, shows the traceback of an error.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes. Default: one per processor, one on a GPU."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Train on the workers of this Dask scheduler, such as tcp://host:8786. --jobs is then "
        "the number of parallel runs.",
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        help="A champion, such as names-to-sex, or experiment/variant (default: the first variant)."
    ),
]


def print_version(wanted: bool) -> None:
    """Print the installed version, and end the command."""
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"{PACKAGE} {version(PACKAGE)}")
    except PackageNotFoundError as missing:
        raise PipelineError(
            "this package is not installed, so its version is unknown.",
            where=PACKAGE,
            remedy="Run `make install`.",
        ) from missing
    raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options of `recurrent` itself."""


@app.command(epilog="Example: recurrent repro --jobs 2, or: recurrent repro lyrics_gru")
def repro(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(help="Rebuild only these experiments. Default: the whole pipeline."),
    ] = None,
    jobs: Jobs = None,
    beyond: Annotated[
        bool, typer.Option("--beyond", help="Also rebuild the experiments beyond the lectures.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary/--no-summary", help="Print the result at the end.")
    ] = True,
    cluster: Cluster = None,
) -> None:
    """Rebuild everything that changed, publish it to MLflow, and show the result."""
    from recurrent.commands import repro

    repro.main(jobs, summary, beyond, experiments or (), cluster)


@app.command("try", epilog="Example: recurrent try lyrics_gru -S training.learning_rate=0.02")
def try_experiment(
    experiment: Annotated[
        str, typer.Argument(help="An experiment in params.yaml or beyond/params.yaml.")
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "-S",
            metavar="KEY=VALUE",
            help="Set a value, such as training.learning_rate=0.02. Can be repeated.",
        ),
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Change an experiment, train and evaluate it alone, and compare with the last commit."""
    from recurrent.commands import try_experiment

    try_experiment.main(experiment, changes or (), jobs)


@app.command(
    epilog="Example: recurrent sweep lyrics_lstm/held_out training.learning_rate=0.001..0.03:log"
)
def sweep(
    experiment: Annotated[
        str, typer.Argument(help="experiment/variant; without a variant, the experiment's first.")
    ],
    ranges: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=RANGE...",
            help="What to search: KEY=LOW..HIGH, KEY=LOW..HIGH:log, or KEY=A,B,C.",
        ),
    ],
    trials: Annotated[int, typer.Option(min=1, help="Trials in all.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampler.")] = 0,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the sweep. Default: the variant and a hash of the settings."),
    ] = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
) -> None:
    """Search settings of a variant for the lowest validation loss, or continue such a sweep."""
    from recurrent.commands import sweep

    sweep.main(experiment, ranges, trials, seed, jobs, name, cluster)


@app.command(epilog="Example: recurrent replicate --corpus sales=rossmann-store-sales.zip")
def replicate(
    jobs: Jobs = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=FILE", help="Your own file for a corpus. Repeat the option for more."
        ),
    ] = None,
) -> None:
    """Run the pipeline on the lectures' own corpora; results go to metrics/upstream."""
    files: dict[str, Path] = {}
    for pair in corpus or ():
        key, equals, file = pair.partition("=")
        if not (key and equals and file):
            raise typer.BadParameter(f"expected KEY=FILE, got {pair!r}", param_hint="--corpus")
        files[key] = Path(file).expanduser()
    from recurrent.commands import replicate

    replicate.main(jobs, files)


@app.command(epilog="Example: recurrent predict names_gated/gru 王小红 李建国")
def predict(
    model: Model,
    names: Annotated[
        list[str] | None, typer.Argument(help="Names. Default: one per line from stdin.")
    ] = None,
) -> None:
    """Classify names with a trained model.

    Prints name, label, probability and remark, separated by tabs: a line for each name that is not
    blank.
    """
    from recurrent.commands import predict

    predict.main(model, names or ())


@app.command(epilog='Example: recurrent generate nietzsche_rnn --prefix "for thos" -n 200')
def generate(
    model: Model,
    prefix: Annotated[str, typer.Option(help="The start of the text.")],
    length: Annotated[
        int,
        typer.Option("-n", "--length", min=1, max=100_000, help="Characters (or words) to add."),
    ] = 40,
    temperature: Annotated[
        float | None,
        typer.Option(
            help="Sample; higher is more varied. Default: always the likeliest character."
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Sample from this many of the likeliest characters.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=(1 << 63) - 1, help="The same seed and count sample the same texts."
        ),
    ] = 0,
    count: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="Samples to write, one per line; line breaks become \\n."
        ),
    ] = 1,
) -> None:
    """Continue a text with a trained language model."""
    from recurrent.commands import generate

    generate.main(model, prefix, length, temperature, top, seed, count)


@app.command(epilog="Example: recurrent serve names-to-sex --port 8080")
def serve(
    model: Model,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 accepts other machines.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses a free one.")
    ] = 5001,
) -> None:
    """Serve a trained model over HTTP, with MLflow's scoring server, until Ctrl-C."""
    from recurrent.commands import serve

    serve.main(model, host, port)


@app.command(epilog="Example: MLFLOW_TRACKING_URI=http://127.0.0.1:5000 recurrent publish")
def publish() -> None:
    """Publish to MLflow the runs and results that it lacks."""
    from recurrent.commands import publish

    publish.main()


@app.command(epilog="Example: recurrent ui --port 5001")
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5000,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser if there is a display.")
    ] = True,
) -> None:
    """Show all runs in MLflow, and print links to each lecture's runs and charts."""
    from recurrent.commands import ui

    ui.main(port, browser)


@app.command(epilog="Example: recurrent experiments")
def experiments() -> None:
    """Show what DVC experiments changed, as `dvc exp show` does, but in fewer columns."""
    from recurrent.commands import experiments

    experiments.main()


@app.command(epilog="Example: recurrent summary --beyond")
def summary(
    beyond: Annotated[
        bool, typer.Option("--beyond", help="Show the results beyond the lectures.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
) -> None:
    """Show the headline results on one screen."""
    from recurrent.commands import summary

    summary.main("beyond" if beyond else "lectures", markdown)


@app.command(epilog="Example: recurrent prune")
def prune() -> None:
    """Remove outputs, lock entries and stored runs that the parameter files no longer name."""
    from recurrent.commands import prune

    prune.main()


def main() -> None:
    """Run the command line."""
    execute(app)
