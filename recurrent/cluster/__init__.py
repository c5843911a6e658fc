"""Runs on other machines, spread by dask.distributed (the optional extra `cluster`)."""
