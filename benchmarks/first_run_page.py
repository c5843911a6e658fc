"""The page metrics/bench/first-run.md."""

from collections.abc import Mapping
from typing import Any

PAGE = """\
# Time of a first run

{machine}. Written by `python -m benchmarks.first_run`. During the pipeline, other programs used
{others:.0%} of the processors.

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

A projection: `recurrent repro` starts the same jobs on more processors, and every other phase takes
as long as here.

| processors | minutes |
|--:|--:|
{projected}

## Strict against fast

The time of a batch with `reproducible: strict` divided by its time with `fast`, one thread each.

| network | strict ÷ fast (lower is better) |
|---|--:|
{strict}
"""
TOTALS = {
    "environment_s": "make the environment (`make install`, packages from the network)",
    "pipeline_s": "run the pipeline (`recurrent repro`)",
    "beyond_s": "then what goes beyond the lectures (`recurrent repro --beyond`)",
    "replicate_s": "all runs on the lectures' own corpora (`recurrent replicate`), projected",
    "noop_s": "`dvc repro` when nothing changed",
    "stage_overhead_s": "CPU time of a stage that only collects results, without DVC",
}


def page(found: Mapping[str, Any]) -> str:
    """Return the page of these measurements."""
    return PAGE.format(
        machine=found["machine"],
        others=found["others_share"],
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
