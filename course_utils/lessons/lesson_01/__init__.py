"""What lesson 01 needs and no other: its checkers, and its helpers."""
