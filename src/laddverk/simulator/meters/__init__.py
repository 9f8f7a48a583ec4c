"""Simulated meters of circuits, each reached as a real one is: they tell what a function says flows, or misbehave.

What is told, and what is wrong with it, is the same whichever way it goes (`telling`).
"""
