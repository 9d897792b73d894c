"""What lesson 10 needs and no other: its checkers, its road, and the models that it saves."""
