"""The science: frames and arrays in, frames and arrays out. No database, web, files or settings."""
