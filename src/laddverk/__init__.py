"""Laddverk runs an EV charging network: chargers, drivers, prices, payments and invoices in one program."""

__version__ = "0.1.0"
