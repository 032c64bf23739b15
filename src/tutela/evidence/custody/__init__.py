"""The custody of an item as a record, as signed JSON and PDF, and how both are checked offline."""
