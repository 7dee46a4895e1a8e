"""Partition: cells into grids that keep the band, in one piece on foot, along roads and walls."""

from geo.partition.proposal import GridProposal, propose_grids

__all__ = ["GridProposal", "propose_grids"]
