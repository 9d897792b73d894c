"""What lesson 02 needs and no other: its checkers, and its helpers."""
