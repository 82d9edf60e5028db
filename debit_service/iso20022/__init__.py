"""Wire formats only: pain.008 out; pain.002, camt.052, camt.053 and camt.054 in; character set; validation.

The room knows no database, no Flask and nothing of the house but core value types: it could be published alone.

Where to look, from the bytes of a file to what is made of them:
- `xml` the one door through which XML comes in; `unpack` archives, and documents one after another; `events` a file as a stream
  of elements; `layout` and `prototype` what makes that fast; `flat` an element as a map from path to text.
- `read` any file of a bank: `camt`, `container` and `entry`, or `pain002`; `kinds` what happened; `control` totals;
  `records` what comes out.
- `pain008/` the message that asks a bank to debit: values, writer, reader, splitting, and the rules of its schemes.
- `charset` the bank's characters; `transliteration` the tables; `charset_page` the tables for people.
- `validate` everything that is wrong with a file: `schemas`, `schema_proof` and `schema_faults`, `pain008/rules/`, `bank`;
  `findings` how it is told; `catalogue` every finding for people; `target` the days on which SEPA collects.
"""
