"""When and how a contribution is debited: planned, announced, batched, approved, sent."""
