"""One store of mailboxes, fed and read through Graph, SMTP and IMAP as mail services do."""
