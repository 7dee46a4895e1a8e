"""Peers, each a program of its own for the bench's environment: arrays in, labels and cost out."""
