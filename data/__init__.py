"""What is kept, what comes in, what goes out: PostGIS, readers, writers, profiles, the demo town."""
