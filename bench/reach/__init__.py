"""Walking beside its peers: `make bench NAME=reach`."""
