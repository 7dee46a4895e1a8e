"""Writers: files for others, whole or not at all, with every row and column as it came."""
