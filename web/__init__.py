"""What people and apps get over HTTP: the pages, the map, GTFS-Realtime, GeoJSON."""
