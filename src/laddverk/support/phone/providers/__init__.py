"""Carriers of calls: one file for each. They turn what a carrier tells into events, and acts into its words."""
