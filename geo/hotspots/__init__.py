"""Hot spots: where counts of incidents are more, or fewer, than chance would put there.

mesh             equal squares or hexagons, points counted in them, who is next to whom
rates            per 1,000 households, raw and steadied where households are few
autocorrelation  Getis-Ord Gi* and local Moran: high among high, low among low
discovery        p to q: which of many tests still stand
scan             the circle that is least likely by chance (Kulldorff)
spacetime        the same with days: a circle and a span of time
emerging         Gi* over time: new, lasting, fading
sentences        what was found, in words

Density and clusters (`geo.density`, `geo.clusters`) show where many incidents are; here is asked whether that is more
than chance. Gi* compares a cell with other cells, a scan compares a circle with what its households let expect.
"""
