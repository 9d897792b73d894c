"""What lesson 06 needs and no other: its checkers, and its helpers."""
