"""Tables: what PostGIS keeps. One metadata; a module for each part of the story.

Geometry is EPSG:4326 with a GiST index. Names: table plural, column singular, `_at` aware UTC,
`_on` a date, `_m`, `_m2`, `_min` units, `_share` 0 to 1.
"""

from data.tables.ground import metadata as metadata

from . import answers as answers
from . import files as files
from . import ground as ground
from . import incidents as incidents
from . import names as names
from . import people as people
from . import plans as plans
from . import plates as plates
from . import reach as reach
from . import service as service
