"""The pictures of docs/methods/partition.md, drawn anew: `python -m bench.partition.pictures`."""
