"""What lesson 04 needs and no other: its checkers, and its helpers."""
