"""What goes out to passengers' apps and maps: GTFS-Realtime, GeoJSON."""
