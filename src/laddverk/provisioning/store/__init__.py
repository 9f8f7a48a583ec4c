"""SQL of this room and nothing else; functions take a transaction and return Structs."""
