"""Working through cases: tags, snoozing, merging, splitting, relating, saved views, and who looks at what now."""
