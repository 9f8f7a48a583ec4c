"""A server of OpenADR 3 (VTN) that can misbehave, over HTTP on loopback."""
