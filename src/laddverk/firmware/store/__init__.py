"""SQL of this room, one file for each thing; functions take a transaction and return Structs."""
