"""The rules on durable_rules, the authority on which rules are true.

The library is sharp: names and sessions compared by a 32-bit hash, division by zero that ends the process,
limits met at run time. Hence a compiler (never an author) writes its definitions, over integers alone; a
guard and a sentinel frame every evaluation; one file touches the native module.
"""
