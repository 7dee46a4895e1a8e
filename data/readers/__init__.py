"""Readers: files that others made, turned into checked frames; nothing half-read, nothing lost."""
