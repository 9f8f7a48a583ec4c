"""The face that drivers see: the page behind an outlet's QR code, the live charge, the receipt, history and invoices.

Promise: price and state before payment; no pay button on a dead outlet; every step works as a plain form without
JavaScript; the address of a charge is its key, so that nobody has to sign in to stop it or to get the receipt.
"""
