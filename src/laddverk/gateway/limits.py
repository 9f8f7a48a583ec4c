"""The limits of the gateway (law 8), each with its reason."""

from __future__ import annotations

from typing import Final

FRAME_BYTES_MAX: Final = 64 * 1024  # the largest sensible report is about 30 KiB; larger frames end the connection
STATIONS_MAX: Final = 5_000  # per process: beyond it a garbage collection is felt by drivers
HANDSHAKE_TIMEOUT_S: Final = 10.0  # a slow or silent client holds a socket no longer
HANDSHAKES_AT_ONCE: Final = 50  # a reconnect storm waits here instead of drowning the database
PING_INTERVAL_S: Final = 60.0  # of silence; finds dead mobile links within two minutes
PING_TIMEOUT_S: Final = 60.0
CLOSE_TIMEOUT_S: Final = 5.0  # a peer that does not close is dropped; nothing is owed to it
SOCKET_QUEUE_MAX: Final = 16  # frames read ahead of handling; more would only hide an overload from the sender
CALL_TIMEOUT_S: Final = 30.0  # chargers answer within seconds or not at all
UNANSWERED_CALLS_MAX: Final = 3  # a charger that answers none of them is better off reconnecting (quirk 35)
HEARTBEAT_INTERVAL_S: Final = 300  # of a charger that was accepted long ago and says nothing of its interval
BOOT_GRACE_S: Final = 10.0  # a charger that was already running when it reconnects sends no boot (quirk 36, 87)
MALFORMED_MAX: Final = 100  # of one connection; a charger that sends nothing else is closed
MESSAGES_PER_S: Final = 50.0  # of one station, sustained; offline queues replay well below it
MESSAGES_BURST: Final = 200.0
ANSWERS_REMEMBERED: Final = 16  # for a charger that refuses one (2.1): it does so before it says much else
REASON_LENGTH_MAX: Final = 1_000  # of a quarantined message: what staff read; the log has the rest
WINDOW_FACTS_MAX: Final = 1_000  # bounds one transaction
WINDOW_LINGER_S: Final = 0.008  # under load, wait this long for company; never when idle
WINDOW_BUSY_AT: Final = 8  # messages in the last window that make it "under load"
WINDOW_LARGE_AT: Final = 100  # a window of this size fills by itself while the one before it commits
WAITING_MAX: Final = 20_000  # messages that wait for a commit; beyond it sockets are not read
SEEN_FLUSH_S: Final = 5.0  # "last seen" may be this old on a screen
COMMAND_POLL_S: Final = 1.0  # a command whose wake-up hint was lost waits at most this long
DATABASE_PROBE_S: Final = 1.0  # how often a lost database is looked for
FAILED_HANDSHAKES_PER_MIN: Final = 30  # of one address; a genuine charger with a wrong key tries a few times a minute
FAILED_HANDSHAKES_OF_ONE_PER_MIN: Final = 20  # of one address for one station; quirk 8 needs two
FAILURES_REMEMBERED: Final = 10_000  # addresses; the oldest are forgotten first
HOMES_REMEMBERED: Final = 50_000  # from where stations came in: there one wrong neighbour does not hold them back
GUESSED_IDENTITIES_MAX: Final = 1_000  # counted for one address; more say no more
SLOW_CHECKS_MAX: Final = 20  # keys that people brought along, checked one after another at 80 ms each
REFUSAL_S: Final = 0.1  # after which any refusal is sent: how long the check took cannot be seen (T6)
REFUSAL_MAX_S: Final = 2.0  # when very many fail at once, everywhere: a charger waits 10 s and more for an answer
FAILURES_ALL_PER_S: Final = 20.0  # of all addresses together, until refusals begin to take longer
FAILURES_ALL_ALARM: Final = 2_000  # above that rate: it is an attack from many addresses
HANDSHAKES_WAITING_MAX: Final = 500  # sockets of one address that have not been let in yet; more are cut at once
BACKLOG: Final = 1_024  # connections that the system holds for us; a network that comes back fills 100 at once
ACCEPT_PAUSE_S: Final = 0.1  # when the system has no socket left for us
DOORS_POLL_S: Final = 5.0  # how soon a station that was retired or held is treated so, when the hint is lost
PROOF_OF_LIFE_S: Final = 2.0  # an old socket that answers a ping within it is alive, and was not left behind
CERTIFICATES_POLL_S: Final = 60.0  # how soon new certificate files are taken into use
KNOCKS_FLUSH_S: Final = 2.0
KNOCKS_WAITING_MAX: Final = 500
GC_THRESHOLDS: Final = (20_000, 20, 50)
"""When Python looks for reference cycles. A message leaves none, and at the default of 700 objects the search would
cost more than the message."""
