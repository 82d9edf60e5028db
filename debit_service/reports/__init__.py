"""What happened and why, told across the rooms."""
