"""Arithmetic of a loan repaid in equal monthly instalments: exact, in cents, half-up where a cent is paid.

The simulations are indicative: only the lender's offer binds.
"""
