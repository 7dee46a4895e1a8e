"""The planning engine beside its peers: `make bench NAME=partition`."""
