"""One file a step, in order. A step that has been released never changes; neither does an SQL file it names."""
