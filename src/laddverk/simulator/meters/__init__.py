"""Simulated meters of circuits, each reached as a real one is: they tell what a function says flows, or misbehave."""
