"""What is owed: contributions, as a declaration system hands them over."""
