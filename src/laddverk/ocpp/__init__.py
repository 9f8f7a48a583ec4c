"""The Open Charge Point Protocol as a pure library: bytes to facts and commands to bytes, in 1.6, 2.0.1 and 2.1.

    frames      what one WebSocket message is: a call, a result, an error
    codec       a payload to a Struct: strict and fast, else in three steps: parse, normalise (`tolerance`),
                validate and flag (`validation`)
    translate   a Struct to facts and back: above it nobody knows which version a charger speaks

No I/O, no clock, no asyncio. Whatever a charger sends, nothing here raises anything but `Undecodable` and
`Untranslatable`; what was tolerated is told in `flags`, in words.
"""
