"""Corpora: downloaded, cleaned and encoded, one package for each kind of data."""
