"""Walking rounds beside networkx: the same tables of metres between doors, tours compared by length and by seconds."""
