"""Did it help? A step counts as a cure when the fault stays away for a day and the next real session succeeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

AWAY: Final = timedelta(hours=24)
BOOT_WITHIN: Final = timedelta(minutes=10)  # the command is confirmed by the boot: later it was another one
CUT_WITHIN: Final = timedelta(minutes=10)  # a reset ends sessions at once, or when it has booted again

_NOT_DONE: Final = N_("The charger did not do it.")
_MORE_NEEDED: Final = N_("Another step was needed after it.")
_SLOW: Final = N_("It did not start again within ten minutes.")
_BACK: Final = N_("The same fault came back within a day.")
_FAILED_AGAIN: Final = N_("The next attempt to charge failed.")
_CURED: Final = N_("The next attempt to charge succeeded, and the fault stayed away for a day.")

FAIL: Final = """
UPDATE remedy SET verdict = 'failed', verdict_at = $1, verdict_why = CASE
    WHEN state IN ('refused', 'timed_out', 'expired', 'failed') THEN $3
    WHEN action IN ('reset_soft', 'reset_hard') AND finished_at > decided_at + $7::interval THEN $8
    WHEN EXISTS (SELECT FROM remedy AS later WHERE later.incident_id = remedy.incident_id
                   AND later.number > remedy.number AND NOT later.dry) THEN $4
    WHEN EXISTS (SELECT FROM finding WHERE finding.station_id = remedy.station_id AND finding.family = remedy.family
                   AND finding.evse_number IN (0, remedy.evse_number)
                   AND finding.raised_at > remedy.finished_at
                   AND finding.raised_at <= remedy.finished_at + $2::interval) THEN $5
    ELSE $6 END
WHERE verdict = '' AND NOT dry AND action <> 'work_order' AND finished_at IS NOT NULL AND (
    state IN ('refused', 'timed_out', 'expired', 'failed')
    OR EXISTS (SELECT FROM remedy AS later WHERE later.incident_id = remedy.incident_id
                 AND later.number > remedy.number AND NOT later.dry)
    OR (action IN ('reset_soft', 'reset_hard') AND finished_at > decided_at + $7::interval)
    OR EXISTS (SELECT FROM finding WHERE finding.station_id = remedy.station_id AND finding.family = remedy.family
                 AND finding.evse_number IN (0, remedy.evse_number) AND finding.raised_at > remedy.finished_at
                 AND finding.raised_at <= remedy.finished_at + $2::interval)
    OR (SELECT outcome.outcome FROM session_outcome AS outcome
        WHERE outcome.station_id = remedy.station_id AND remedy.evse_number IN (0, outcome.evse_number)
          AND outcome.began_at > remedy.finished_at AND outcome.outcome NOT IN ('excluded', 'no_auth')
        ORDER BY outcome.began_at LIMIT 1) NOT IN ('ok'))
"""
CURE: Final = """
UPDATE remedy SET verdict = 'cured', verdict_at = $1, verdict_why = $3
WHERE verdict = '' AND NOT dry AND action <> 'work_order' AND state = 'confirmed'
  AND finished_at <= $1::timestamptz - $2::interval
  AND NOT EXISTS (SELECT FROM finding WHERE finding.station_id = remedy.station_id AND finding.family = remedy.family
                    AND finding.evse_number IN (0, remedy.evse_number) AND finding.cleared_at IS NULL)
  AND (SELECT outcome.outcome FROM session_outcome AS outcome
       WHERE outcome.station_id = remedy.station_id AND remedy.evse_number IN (0, outcome.evse_number)
         AND outcome.began_at > remedy.finished_at AND outcome.outcome NOT IN ('excluded', 'no_auth')
       ORDER BY outcome.began_at LIMIT 1) = 'ok'
"""
CUT: Final = """
UPDATE remedy SET sessions_cut = cut.sessions FROM (
    SELECT remedy.id, count(*)::int AS sessions FROM remedy
    JOIN session ON session.station_id = remedy.station_id AND session.started_at < remedy.decided_at
     AND session.ended_at BETWEEN remedy.decided_at AND remedy.finished_at + $2::interval
     AND session.stop_reason IN ('SoftReset', 'HardReset', 'Reboot', 'ImmediateReset')
    WHERE remedy.action IN ('reset_soft', 'reset_hard') AND NOT remedy.dry AND remedy.finished_at IS NOT NULL
      AND remedy.decided_at > $1::timestamptz - interval '2 days'
    GROUP BY remedy.id) AS cut
WHERE remedy.id = cut.id AND remedy.sessions_cut <> cut.sessions
"""


async def prove(tx: Transaction, now: datetime) -> None:
    """Give each step its verdict as soon as there is one, and count the sessions that resets of ours ended."""
    await tx.execute(FAIL, now, AWAY, _NOT_DONE, _MORE_NEEDED, _BACK, _FAILED_AGAIN, BOOT_WITHIN, _SLOW)
    await tx.execute(CURE, now, AWAY, _CURED)
    await tx.execute(CUT, now, CUT_WITHIN)
