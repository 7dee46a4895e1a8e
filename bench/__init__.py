"""Speed, measured: one file a task, run by `make bench NAME=task`, never in CI."""
