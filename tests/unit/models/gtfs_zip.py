"""A small timetable as a zip, of which a test changes a file."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

FILES: Final = {
    "routes.txt": "route_id,route_short_name,route_long_name,route_type,route_color\n"
    '24,24,"Вокзал – Больница",3,D02030\n'
    "30,30,,3,\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,location_type\n"
    "a,Вокзал,57.00,41.00,\n"
    "b,Больница,57.06,41.02,0\n"
    "s,Станция,57.00,41.00,1\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "24a,57.06,41.02,20\n24a,57.00,41.00,3\n24a,57.03,41.00,7\n",
    "trips.txt": "route_id,service_id,trip_id,shape_id,direction_id\n"
    "24,wd,24-1,24a,0\n30,wd,30-1,,\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "24-1,08:00:00,08:00:00,a,1\n24-1,08:20:00,08:20:00,b,2\n30-1,08:00:00,08:00:00,a,1\n",
}


def zipped(changed: Mapping[str, str | bytes | None] | None = None, folder: str = "") -> bytes:
    """Return the zip.

    Args:
        changed: what files hold instead; None: without that file.
        folder: in which they are, within the zip.
    """
    files: dict[str, str | bytes | None] = {**FILES, **(changed or {})}
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(folder + name, text)
    return found.getvalue()
