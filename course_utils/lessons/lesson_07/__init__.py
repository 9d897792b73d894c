"""What lesson 07 needs and no other: its checkers, and its helpers."""
