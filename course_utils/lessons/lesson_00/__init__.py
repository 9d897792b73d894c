"""What lesson 00 needs and no other: its checkers, and its helpers."""
