"""`debit demo`: the whole path of the money against a bank on loopback that this project did not write."""
