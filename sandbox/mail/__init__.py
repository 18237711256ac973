"""One store of mailboxes, fed and read through Graph, EWS, SMTP and IMAP as mail services do."""
