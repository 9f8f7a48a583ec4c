-- Each filter of the inbox in the order of its lists, so that a page and how many there are come from an index. Cases
-- change a few times each: what these cost when they are written is nothing beside a second look at a million of them.

CREATE INDEX support_case_by_kind ON support_case
    (kind, closed_at DESC NULLS FIRST, priority, changed_at, number) INCLUDE (state);
CREATE INDEX support_case_by_situation ON support_case
    (situation, closed_at DESC NULLS FIRST, priority, changed_at, number) INCLUDE (state) WHERE situation <> '';
CREATE INDEX support_case_by_channel ON support_case
    (channel, closed_at DESC NULLS FIRST, priority, changed_at, number) INCLUDE (state);
CREATE INDEX support_case_by_site ON support_case
    (site_id, closed_at DESC NULLS FIRST, priority, changed_at, number) INCLUDE (state);
CREATE INDEX support_case_by_team ON support_case
    (team_id, closed_at DESC NULLS FIRST, priority, changed_at, number) INCLUDE (state);
CREATE INDEX support_case_by_assignee ON support_case
    (assignee_id, closed_at DESC NULLS FIRST, priority, changed_at, number) INCLUDE (state);
CREATE INDEX support_mail_entry ON support_mail (entry_id) WHERE entry_id IS NOT NULL;  -- a case's mails by its entries
