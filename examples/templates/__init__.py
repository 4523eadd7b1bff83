"""A sentence of a letter changed in Word, from the first draft to the day it is sent, without restarting."""
