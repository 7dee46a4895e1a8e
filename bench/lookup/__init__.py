"""Which grid a point is in: in process beside shapely's STRtree and PostGIS."""
