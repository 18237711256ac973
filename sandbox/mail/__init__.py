"""One store of mailboxes, fed and read through Graph and SMTP as Exchange and Gmail do."""
