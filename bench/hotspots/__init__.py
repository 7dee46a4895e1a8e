"""Hot spots beside their peers: `make bench NAME=hotspots`."""
