from data.readers.osm import read_osm
from data.profiles import load_profile
from data.stores import town as store
from data.postgis.engine import transaction
import inspect
def test_it(engine):
    t=read_osm("/work/shared/data/osm/monaco_2020.osm.pbf",load_profile("demo"))
    with transaction(engine, actor="me", action="x") as c:
        store.write_town(c,t)
    with engine.connect() as c:
        print([ (n,c.exec_driver_sql(f"select count(*) from {n}").scalar()) for n in ("areas","compounds","gates","buildings","streets","barriers","greens","stations","people","incidents")])
