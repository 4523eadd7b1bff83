"""Arithmetic of a loan repaid in equal monthly instalments: exact, in cents, half-up where a cent is paid.

The simulations are indicative: only the lender's offer binds.

- `constant_instalment`: P·i / (1 − (1+i)^−n), or P/n at zero rate, rounded half-up to the cent; exact
  before rounding.
- `decimal_half_up`: The value with `places` decimals, halves away from zero.
- `exact_decimal`: The value without rounding, in the fewest decimals; None if it needs more than `most`.
- `half_up`: The nearest integer, halves away from zero.
- `LargestAmount`: What whole-euro amount, at the largest, keeps the instalment within `max_instalment`;
  cents, bounds inclusive.
- `Line`: One month of the schedule, in cents; `payment` = interest + principal, `balance` is due after it.
- `RateWithoutMeaningError`: The TAEG exceeds MAX_TAEG_PCT, because of the insurance or else of the fees.
- `ShortestDuration`: What duration, at the shortest, keeps the instalment within `max_instalment`; cents,
  bounds inclusive.
- `shown_decimal`: The value with two to six decimals: exact if it has so few, otherwise rounded.
- `simulate`: Simulates a loan of at least one cent whose fees are below its amount; may raise
  RateWithoutMeaningError.
- `Simulation`: A schedule with its totals in cents and its TAEG with two and six decimals.
- `Terms`: A loan: cents, months, nominal annual rate in percent, fees in cents withheld when it is paid
  out.
"""

from services.eligibility.loan.schedule import (
    LargestAmount,
    Line,
    ShortestDuration,
    Terms,
    constant_instalment,
    decimal_half_up,
    exact_decimal,
    half_up,
    shown_decimal,
)
from services.eligibility.loan.simulation import RateWithoutMeaningError, Simulation, simulate
