"""Partition: cells into grids that keep the band, in one piece on foot, along roads and walls."""

from geo.partition.limits import Weights
from geo.partition.proposal import GridProposal, divide_graph, propose_grids
from geo.partition.warm import warm

__all__ = ["GridProposal", "Weights", "divide_graph", "propose_grids", "warm"]
