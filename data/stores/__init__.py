"""Stores: one gateway a noun between frames and PostGIS. Each function takes the open connection first.

The caller owns the transaction (`data.postgis.engine`), and with it role, actor, action and scope.
"""
