-- Somebody has looked at an alarm and deals with it. Forgotten when it is raised anew, or grows more severe.

ALTER TABLE station_alarm
    ADD seen_at    timestamptz,
    ADD seen_by    text NOT NULL DEFAULT '',
    ADD seen_note  text NOT NULL DEFAULT '';
