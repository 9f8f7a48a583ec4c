"""What is asked of payers in their Swish app.

Promises
- A payment has one request open in the app at a time; the next one waits until Swish says that the last one is closed.
- An instruction's id is written down before Swish hears of it, so that nothing can happen there that is unknown here.
- What a callback says is where to look; what Swish answers when it is asked is what is booked.
- A phone number is sent on and not kept: its last four digits are shown, and a keyed fingerprint counts how often it
  was asked.
"""
