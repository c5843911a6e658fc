"""The page metrics/bench/first-run.md."""

from collections.abc import Mapping
from typing import Any

PAGE = """\
# What a first run takes

{machine}. Written by `python -m benchmarks.first_run`, on an otherwise idle machine.

| in a fresh clone, with {processors} processors | time |
|---|--:|
{totals}

## Timeline of the pipeline

*Jobs* encode corpora, train and evaluate, in parallel. After them, DVC's stages run one after the
other and collect their results.

| phase | seconds | share |
|---|--:|--:|
{timeline}

## CPU seconds by cause

| cause | seconds | share |
|---|--:|--:|
{cpu}

## With other numbers of processors

The same jobs in the order in which `recurrent repro` starts them, with the seconds that they took
here, and the same time for all other phases.

| processors | minutes |
|--:|--:|
{projected}

## Strict against fast

How many times longer a batch takes with `reproducible: strict`, one thread each.

| network | times |
|---|--:|
{strict}
"""
TOTALS = {
    "environment_s": "make the environment (`make install`, packages from the network)",
    "pipeline_s": "run the pipeline (`recurrent repro`)",
    "beyond_s": "then what goes beyond the lectures (`recurrent repro --beyond`)",
    "noop_s": "`dvc repro` when nothing changed",
    "stage_overhead_s": "CPU time of a stage that only collects results, without DVC",
}


def page(found: Mapping[str, Any]) -> str:
    """Return the page of these measurements."""
    return PAGE.format(
        machine=found["machine"],
        processors=found["processors"],
        totals="\n".join(
            f"| {what} | {clock(found[key])} |" for key, what in TOTALS.items() if key in found
        ),
        timeline=shares(found["timeline_s"]),
        cpu=shares(found["cpu_s"]),
        projected="\n".join(
            f"| {workers} | {took / 60:.1f} |" for workers, took in found["projected_s"].items()
        ),
        strict="\n".join(
            f"| {network} | {times:.2f} |" for network, times in found["strict_over_fast"].items()
        ),
    )


def shares(seconds: Mapping[str, float]) -> str:
    """Return rows with seconds and the share of their sum."""
    total = sum(seconds.values())
    return "\n".join(
        f"| {what} | {took:,.0f} | {took / total:.0%} |" for what, took in seconds.items()
    )


def clock(seconds: float) -> str:
    """Format minutes and seconds, or short times with a decimal."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
