"""Same booking: how one movement of money is known again when the bank tells of it more than once, whole or in parts."""
