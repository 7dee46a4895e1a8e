"""Peers of the hot spot benchmark, each run in .venv-bench: they get ready arrays and hand back arrays."""
