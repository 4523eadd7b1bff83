"""Between messages of the wire and the types of the logic: money, days, decimals, request ids, pages.

- `asked_page`: The page that a request asks for by its `page_size` and `page_token`.
- `cents`: The amount in cents of a google.type.Money in whole cents of euro, within ±MAX_CENTS.
- `chunks`: The bytes of a file in pieces of CHUNK_BYTES, the last one shorter; none when it is empty.
- `CHUNK_BYTES`: What one message of a stream carries of a file.
- `civil_date`: The complete civil date of a google.type.Date.
- `date_pb`: A google.type.Date from a date; none for none.
- `decimal`: The exact value of a google.type.Decimal in plain notation: `-12.50`, no exponent, no `+`, no
  comma.
- `decimal_pb`: A google.type.Decimal in plain notation.
- `Fields`: Reads the fields of a message: presence, form and range, every problem under its path.
- `item_request_id`: The UUID of an item of a batch, made of that of the batch and of its rank; empty without
  one.
- `line`: A line of text in composed form, without surrounding spaces; nothing invisible in it.
- `MAX_CENTS`: The largest amount in cents that a message may carry.
- `money`: A google.type.Money in euros from a number of cents.
- `Page`: The page that a request asks for: where it begins, and how many results it holds at most.
- `paging`: Page tokens: a state number and an offset, sealed together with the question that they continue
  (AIP-158).
- `PageStart`: Where a page begins: the state number that the first page showed (0 = the present one), and an
  offset.
- `request_id`: The UUID of a write, in lower case; empty when the caller gave none.
- `timestamp`: A Timestamp from an instant; none for none.
- `values`: Money, dates, decimals and request ids between google.type messages and int cents, date and
  Decimal.
"""

from services.kit.wire import paging, values
from services.kit.wire.fields import Fields
from services.kit.wire.paging import Page, PageStart, asked_page
from services.kit.wire.values import (
    CHUNK_BYTES,
    MAX_CENTS,
    cents,
    chunks,
    civil_date,
    date_pb,
    decimal,
    decimal_pb,
    item_request_id,
    line,
    money,
    request_id,
    timestamp,
)
