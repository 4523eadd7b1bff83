"""A new ceiling, from the vote of the board to the day it governs, without restarting anything."""
