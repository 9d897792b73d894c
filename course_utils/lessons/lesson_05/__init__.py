"""What lesson 05 needs and no other: its checkers, and its helpers."""
