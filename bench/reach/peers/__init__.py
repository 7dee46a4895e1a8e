"""Peers of the walking benchmark, each run in .venv-bench: they get a ready graph and hand back arrays."""
