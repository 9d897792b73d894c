"""What lesson 09 needs and no other: its checkers, and its helpers."""
