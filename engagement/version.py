"""Which release this is: it stands in back-ups and in the bill of materials."""

VERSION = "0.5.0"
