"""What lesson 03 needs and no other: its checkers, and its helpers."""
