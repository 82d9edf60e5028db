"""How much a late payment costs: the rules as dated data, the computation, and what is let off."""
