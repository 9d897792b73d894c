"""What lesson 08 needs and no other: its checkers, and its helpers."""
