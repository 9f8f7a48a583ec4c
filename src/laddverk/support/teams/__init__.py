"""Teams of the desk: who belongs together, which cases come to them, and whose turn it is."""
