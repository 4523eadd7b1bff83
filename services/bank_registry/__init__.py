"""Which approved lenders may take an application, on a date, and why not the others."""
