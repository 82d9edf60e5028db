"""The use cases of collections, one file a step of the path: plan, notify, batch, approve, submit."""
