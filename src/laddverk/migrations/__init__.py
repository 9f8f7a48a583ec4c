"""The one line of migrations, in plain SQL: `NNNN_pre_…` runs before new code starts, `NNNN_post_…` after."""
